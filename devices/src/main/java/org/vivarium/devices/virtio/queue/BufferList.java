package org.vivarium.devices.virtio.queue;

import java.util.Arrays;

/**
 * A reusable list of ranges of guest memory, for I/O that goes straight there.
 *
 * <p>Primitive arrays that grow to the longest list they ever held and stay: filling one again
 * allocates nothing. Ranges that a {@link ChainCursor} put here lie inside guest memory.
 */
public final class BufferList {
  private static final int INITIAL_RANGES = 16;

  private long[] gpas = new long[INITIAL_RANGES];
  private long[] lengths = new long[INITIAL_RANGES];
  private int count;
  private long bytes;

  /** Makes an empty list. */
  public BufferList() {}

  /** Empties the list. */
  public void clear() {
    count = 0;
    bytes = 0;
  }

  /**
   * Appends a range.
   *
   * @param gpa guest physical address
   * @param length bytes, above 0
   */
  public void add(long gpa, long length) {
    if (count == gpas.length) {
      gpas = Arrays.copyOf(gpas, 2 * count);
      lengths = Arrays.copyOf(lengths, 2 * count);
    }
    gpas[count] = gpa;
    lengths[count] = length;
    count++;
    bytes += length;
  }

  /** Makes the last range {@code length} bytes longer. */
  void extendLast(long length) {
    lengths[count - 1] += length;
    bytes += length;
  }

  /** Number of ranges. */
  public int count() {
    return count;
  }

  /** Bytes of all ranges together. */
  public long bytes() {
    return bytes;
  }

  /** Guest physical address of range {@code index}. */
  public long gpa(int index) {
    return gpas[index];
  }

  /** Bytes of range {@code index}. */
  public long length(int index) {
    return lengths[index];
  }
}
