package org.vivarium.devices.virtio.testing;

import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32C;
import org.vivarium.kvm.GuestMemory;
import org.vivarium.kvm.KvmException;

/**
 * A small guest RAM with a hole in it, and a bump allocator.
 *
 * <p>RAM from 0 to {@link #LOW_END}, a hole, RAM from {@link #HIGH_START} to {@link #HIGH_END}.
 */
public final class GuestRam implements AutoCloseable {
  /** First address of the hole. */
  public static final long LOW_END = 4L << 20;

  /** First address after the hole. */
  public static final long HIGH_START = 6L << 20;

  /** First address after all RAM. */
  public static final long HIGH_END = 7L << 20;

  private final GuestMemory memory;
  private long next = 0x1000;

  /** Makes anonymous memory. */
  public GuestRam() {
    try {
      memory =
          GuestMemory.allocate(
              List.of(
                  new GuestMemory.Range(0, LOW_END),
                  new GuestMemory.Range(HIGH_START, HIGH_END - HIGH_START)),
              GuestMemory.Backing.ANONYMOUS);
    } catch (KvmException e) {
      throw new AssertionError(e);
    }
  }

  /** The memory itself. */
  public GuestMemory memory() {
    return memory;
  }

  /** Takes fresh bytes below the hole. */
  public long allocate(long length, int alignment) {
    long gpa = (next + alignment - 1) / alignment * alignment;
    next = gpa + length;
    if (next > LOW_END) {
      throw new AssertionError("The test's guest RAM is used up");
    }
    return gpa;
  }

  /** Takes fresh bytes and fills them with {@code content}. */
  public long place(byte[] content) {
    long gpa = allocate(Math.max(1, content.length), 1);
    memory.write(gpa, content, 0, content.length);
    return gpa;
  }

  /** Copies bytes out. */
  public byte[] bytes(long gpa, int length) {
    byte[] copy = new byte[length];
    memory.read(gpa, copy, 0, length);
    return copy;
  }

  /** Checksum of all RAM but the ranges given as pairs of address and length, ascending. */
  public long checksumExcept(long... ranges) {
    CRC32C crc = new CRC32C();
    long at = 0;
    for (int i = 0; i < ranges.length; i += 2) {
      at = checksum(crc, at, ranges[i]);
      at = Math.max(at, ranges[i] + ranges[i + 1]);
    }
    checksum(crc, at, HIGH_END);
    return crc.getValue();
  }

  private long checksum(CRC32C crc, long from, long to) {
    byte[] page = new byte[4096];
    long at = from;
    while (at < to) {
      if (at >= LOW_END && at < HIGH_START) {
        at = HIGH_START;
        continue;
      }
      long end = at < LOW_END ? Math.min(to, LOW_END) : to;
      int step = (int) Math.min(page.length, end - at);
      if (step <= 0) {
        break;
      }
      memory.read(at, page, 0, step);
      crc.update(page, 0, step);
      at += step;
    }
    return at;
  }

  /** Fills a range. */
  public void fill(long gpa, int length, int value) {
    byte[] content = new byte[length];
    Arrays.fill(content, (byte) value);
    memory.write(gpa, content, 0, length);
  }

  @Override
  public void close() {
    memory.close();
  }
}
