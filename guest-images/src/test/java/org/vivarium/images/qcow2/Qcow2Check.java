package org.vivarium.images.qcow2;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * An independent reader and checker of version 3 images in memory, written from the format's text
 * and sharing no code with what it checks: tests need one that takes microseconds. QEMU's own check
 * confirms samples.
 */
final class Qcow2Check {
  private static final long OFFSET = 0x00FFFFFFFFFFFE00L;
  private final ByteBuffer b;
  private final int clusterSize;
  private final int refcountBits;
  private final long[] references;
  private final List<String> corruptions = new ArrayList<>();
  private int leaks;

  /** What was found: sentences on corruptions, and the number of leaked clusters. */
  record Report(List<String> corruptions, int leaks) {}

  private Qcow2Check(byte[] image) {
    b = ByteBuffer.wrap(image);
    clusterSize = 1 << b.getInt(20);
    refcountBits = 1 << b.getInt(96);
    references = new long[(image.length + clusterSize - 1) / clusterSize];
  }

  static Report check(byte[] image) {
    Qcow2Check check = new Qcow2Check(image);
    check.countAll();
    check.compare();
    return new Report(check.corruptions, check.leaks);
  }

  private long longAt(long offset) {
    return offset >= 0 && offset + 8 <= b.capacity() ? b.getLong((int) offset) : 0;
  }

  private void reference(long offset, long length, String what) {
    long first = offset / clusterSize;
    long last = (offset + length - 1) / clusterSize;
    for (long c = first; length > 0 && c <= last; c++) {
      if (c >= references.length) {
        corruptions.add(what + " at 0x" + Long.toHexString(offset) + " beyond the end");
        return;
      }
      references[(int) c]++;
    }
  }

  private void countAll() {
    reference(0, clusterSize, "header");
    reference(b.getLong(48), (long) b.getInt(56) * clusterSize, "refcount table");
    for (int i = 0; i < b.getInt(56) * clusterSize / 8; i++) {
      long block = longAt(b.getLong(48) + i * 8L);
      if (block != 0) {
        reference(block, clusterSize, "refcount block");
      }
    }
    countL1(b.getLong(40), b.getInt(36));
    long at = b.getLong(64);
    for (int i = 0; i < b.getInt(60); i++) {
      countL1(longAt(at), b.getInt((int) at + 8));
      int variable =
          b.getInt((int) at + 36) + b.getShort((int) at + 12) + b.getShort((int) at + 14);
      at += (40L + variable + 7) / 8 * 8;
    }
    reference(b.getLong(64), at - b.getLong(64), "snapshot table");
  }

  private void countL1(long l1, int size) {
    reference(l1, size * 8L, "L1 table");
    for (int i = 0; i < size; i++) {
      long table = longAt(l1 + i * 8L) & OFFSET;
      if (table == 0) {
        continue;
      }
      reference(table, clusterSize, "L2 table");
      for (int j = 0; j < clusterSize / 8; j++) {
        countEntry(longAt(table + j * 8L));
      }
    }
  }

  private void countEntry(long entry) {
    if ((entry & 1L << 62) != 0) {
      if (entry < 0) {
        corruptions.add("compressed entry 0x" + Long.toHexString(entry) + " with COPIED flag");
      }
      int bits = 62 - (b.getInt(20) - 8);
      long offset = entry & (1L << bits) - 1;
      long sectors = ((entry & (1L << 62) - 1) >>> bits) + 1;
      reference(offset, sectors * 512 - (offset & 511), "compressed cluster");
      return;
    }
    if ((entry & 0x3F000000000001FEL) != 0) {
      corruptions.add("reserved bits in entry 0x" + Long.toHexString(entry));
    }
    if ((entry & OFFSET) != 0) {
      if ((entry & OFFSET) % clusterSize != 0) {
        corruptions.add("unaligned entry 0x" + Long.toHexString(entry));
      }
      reference(entry & OFFSET, clusterSize, "data cluster");
    }
  }

  private long refcount(long cluster) {
    long perBlock = clusterSize * 8L / refcountBits;
    if (cluster / perBlock >= (long) b.getInt(56) * clusterSize / 8) {
      return 0;
    }
    long block = longAt(b.getLong(48) + cluster / perBlock * 8);
    if (block == 0) {
      return 0;
    }
    long bit = cluster % perBlock * refcountBits;
    if (refcountBits < 8) {
      int octet = block + bit / 8 < b.capacity() ? b.get((int) (block + bit / 8)) & 0xFF : 0;
      return octet >> bit % 8 & (1 << refcountBits) - 1;
    }
    long value = 0;
    for (int i = 0; i < refcountBits / 8; i++) {
      long at = block + bit / 8 + i;
      value = value << 8 | (at < b.capacity() ? b.get((int) at) & 0xFF : 0);
    }
    return value;
  }

  private void compare() {
    for (int c = 0; c < references.length; c++) {
      long count = refcount(c);
      if (count < references[c]) {
        corruptions.add(
            "cluster " + c + " refcount " + count + " for " + references[c] + " references");
      } else if (count > references[c]) {
        leaks++;
      }
    }
    for (int i = 0; i < b.getInt(36); i++) {
      long l1 = longAt(b.getLong(40) + i * 8L);
      copied(l1, "L1 entry");
      for (int j = 0; (l1 & OFFSET) != 0 && j < clusterSize / 8; j++) {
        long entry = longAt((l1 & OFFSET) + j * 8L);
        if ((entry & 1L << 62) == 0) {
          copied(entry, "L2 entry");
        }
      }
    }
  }

  private void copied(long entry, String what) {
    if ((entry & OFFSET) != 0 && (refcount((entry & OFFSET) / clusterSize) == 1) != (entry < 0)) {
      corruptions.add(what + " 0x" + Long.toHexString(entry) + " with a wrong COPIED flag");
    }
  }

  /** The disk's content over a backing file's; compressed clusters are not supported. */
  static byte[] content(byte[] image, byte[] backing) {
    ByteBuffer b = ByteBuffer.wrap(image);
    int clusterSize = 1 << b.getInt(20);
    byte[] disk = new byte[Math.toIntExact(b.getLong(24))];
    for (int at = 0; at < disk.length; at += clusterSize) {
      int cluster = at / clusterSize;
      long table = b.getLong((int) b.getLong(40) + cluster / (clusterSize / 8) * 8) & OFFSET;
      long entry = table == 0 ? 0 : b.getLong((int) table + cluster % (clusterSize / 8) * 8);
      if ((entry & 1L << 62) != 0) {
        throw new IllegalArgumentException("Compressed cluster " + cluster);
      }
      byte[] source = (entry & OFFSET) == 0 ? backing : image;
      int from = (entry & OFFSET) == 0 ? at : (int) (entry & OFFSET);
      if ((entry & 1) == 0 && from < source.length) {
        int end = Math.min(source.length, from + Math.min(clusterSize, disk.length - at));
        System.arraycopy(source, from, disk, at, end - from);
      }
    }
    return Arrays.copyOf(disk, disk.length);
  }
}
