package org.vivarium.images.boot;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32;
import org.vivarium.images.disk.DiskImage;
import org.vivarium.images.disk.DiskImageException;
import org.vivarium.images.ext4.Ext4Volume;
import org.vivarium.images.ext4.Volume;

/**
 * Reads a disk's partition table: GPT (UEFI 2.10, 5.3), MBR with its extended partitions, or none,
 * where a file system fills the disk. Sectors have 512 bytes.
 */
final class Partitions {
  private static final int SECTOR = 512;
  private static final int MBR_TABLE = 446;
  private static final int MBR_ENTRY = 16;
  private static final int MBR_SIGNATURE = 0xAA55;
  private static final int TYPE_GPT = 0xEE;
  private static final int MAX_LOGICAL = 64;

  /** "EFI PART", little-endian. */
  private static final long GPT_SIGNATURE = 0x5452415020494645L;

  private static final int GPT_HEADER = 92;
  private static final int MAX_GPT_ENTRIES = 1024;
  private static final int MIN_GPT_ENTRY = 128;
  private static final int MAX_GPT_ENTRY = 4096;

  private final Volume whole;
  private final List<Volume> found = new ArrayList<>();

  private Partitions(DiskImage disk, String name) {
    this.whole = new Volume(disk, 0, disk.size(), name);
  }

  /**
   * Returns the volumes on a disk, in the table's order.
   *
   * @param name what people call the disk, for messages
   * @throws DiskImageException where the table is damaged or there is none
   */
  static List<Volume> of(DiskImage disk, String name) throws IOException {
    Partitions partitions = new Partitions(disk, name);
    partitions.read();
    return List.copyOf(partitions.found);
  }

  private void read() throws IOException {
    if (whole.length() < 2 * SECTOR) {
      throw new DiskImageException("The disk %s is empty.".formatted(whole.name()));
    }
    ByteBuffer mbr = whole.read(0, SECTOR);
    boolean signed = (mbr.getShort(510) & 0xFFFF) == MBR_SIGNATURE;
    if (whole.read(SECTOR, Long.BYTES).getLong() == GPT_SIGNATURE) {
      readGpt();
    } else if (Ext4Volume.isPresent(whole)) {
      found.add(whole);
    } else if (signed) {
      readMbr(mbr);
    }
    if (found.isEmpty()) {
      throw new DiskImageException(
          "The disk %s has no partition and no file system that can be read here."
              .formatted(whole.name()));
    }
  }

  private void readGpt() throws IOException {
    ByteBuffer header = whole.read(SECTOR, SECTOR);
    long size = Integer.toUnsignedLong(header.getInt(12));
    long entries = Integer.toUnsignedLong(header.getInt(80));
    long entrySize = Integer.toUnsignedLong(header.getInt(84));
    long table = header.getLong(72);
    if (size < GPT_HEADER
        || size > SECTOR
        || entries > MAX_GPT_ENTRIES
        || entrySize < MIN_GPT_ENTRY
        || entrySize > MAX_GPT_ENTRY
        || table < 2
        || table > whole.length() / SECTOR) {
      throw damaged("its GPT header is wrong");
    }
    int stated = header.getInt(16);
    header.putInt(16, 0);
    ByteBuffer content = whole.read(table * SECTOR, (int) (entries * entrySize));
    if (crc(header.slice(0, (int) size)) != stated
        || crc(content.duplicate()) != header.getInt(88)) {
      throw damaged("its GPT does not match its checksum");
    }
    for (int i = 0; i < entries; i++) {
      int at = (int) (i * entrySize);
      boolean used = content.getLong(at) != 0 || content.getLong(at + 8) != 0;
      long first = content.getLong(at + 32);
      long last = content.getLong(at + 40);
      if (used && first <= last) {
        add(i + 1, first, last - first + 1);
      }
    }
  }

  private static int crc(ByteBuffer bytes) {
    CRC32 crc = new CRC32();
    crc.update(bytes);
    return (int) crc.getValue();
  }

  private void readMbr(ByteBuffer mbr) throws IOException {
    for (int i = 0; i < 4; i++) {
      int at = MBR_TABLE + i * MBR_ENTRY;
      int type = mbr.get(at + 4) & 0xFF;
      long first = Integer.toUnsignedLong(mbr.getInt(at + 8));
      long count = Integer.toUnsignedLong(mbr.getInt(at + 12));
      if (type == TYPE_GPT) {
        throw damaged("its GPT is gone");
      }
      if (isExtended(type)) {
        readLogical(first);
      } else if (type != 0 && count > 0) {
        add(i + 1, first, count);
      }
    }
  }

  private static boolean isExtended(int type) {
    return type == 0x05 || type == 0x0F || type == 0x85;
  }

  /** The chain of logical partitions: each table names one, and where the next table lies. */
  private void readLogical(long extended) throws IOException {
    long table = extended;
    for (int number = 5; ; number++) {
      if (number > MAX_LOGICAL) {
        throw damaged("its logical partitions form no end");
      }
      ByteBuffer sector = whole.read(table * SECTOR, SECTOR);
      if ((sector.getShort(510) & 0xFFFF) != MBR_SIGNATURE) {
        return;
      }
      int type = sector.get(MBR_TABLE + 4) & 0xFF;
      long first = Integer.toUnsignedLong(sector.getInt(MBR_TABLE + 8));
      long count = Integer.toUnsignedLong(sector.getInt(MBR_TABLE + 12));
      if (type != 0 && count > 0) {
        add(number, table + first, count);
      }
      int next = MBR_TABLE + MBR_ENTRY;
      if (!isExtended(sector.get(next + 4) & 0xFF)) {
        return;
      }
      table = extended + Integer.toUnsignedLong(sector.getInt(next + 8));
    }
  }

  private void add(int number, long first, long sectors) throws DiskImageException {
    long available = whole.length() / SECTOR;
    if (first < 1 || sectors < 1 || first > available || sectors > available - first) {
      throw damaged("partition %d lies beyond its end".formatted(number));
    }
    String name = "partition %d of %s".formatted(number, whole.name());
    found.add(new Volume(whole.disk(), first * SECTOR, sectors * SECTOR, name));
  }

  private DiskImageException damaged(String what) {
    return new DiskImageException(
        "The partition table of %s is damaged: %s.".formatted(whole.name(), what));
  }
}
