package org.vivarium.kvm;

import java.lang.foreign.Arena;

/**
 * A list of memory ranges that one call reads into or writes from ({@code struct iovec}), made once
 * and filled anew for each request.
 *
 * <p>The ranges are raw addresses, from {@link GuestMemory#hva}: whoever adds one keeps its memory
 * open until the call that uses it has returned. One thread at a time; filling allocates nothing.
 */
public final class IoVector {
  /** The most ranges that the kernel takes at once (IOV_MAX). */
  public static final int MAX_CAPACITY = 1024;

  private static final int BASE = LinuxLayouts.Iovec.IOV_BASE;
  private static final int LENGTH = LinuxLayouts.Iovec.IOV_LEN;
  private static final int STRIDE = LinuxLayouts.Iovec.SIZE;

  private final KernelStruct ranges;
  private final int capacity;
  private int first;
  private int end;
  private long remaining;

  /**
   * @param capacity ranges that it can hold, 1 to {@link #MAX_CAPACITY}
   */
  public IoVector(int capacity) {
    if (capacity < 1 || capacity > MAX_CAPACITY) {
      throw new IllegalArgumentException("Not a number of ranges: " + capacity);
    }
    this.capacity = capacity;
    this.ranges = new KernelStruct(Arena.ofAuto(), STRIDE * capacity);
  }

  /** Forgets all ranges. */
  public void clear() {
    first = 0;
    end = 0;
    remaining = 0;
  }

  /**
   * Adds a range after the others.
   *
   * @param address host virtual address of its first byte
   * @param length bytes, from 0 up
   * @throws IllegalStateException if it holds as many ranges as it can
   */
  public void add(long address, long length) {
    if (end == capacity) {
      throw new IllegalStateException("More than " + capacity + " ranges");
    }
    if (length < 0) {
      throw new IllegalArgumentException("A range has no negative length: " + length);
    }
    remaining = Math.addExact(remaining, length);
    ranges.putLong(end * STRIDE + BASE, address);
    ranges.putLong(end * STRIDE + LENGTH, length);
    end++;
  }

  /** Ranges that are not used up. */
  public int count() {
    return end - first;
  }

  /** Bytes that are not used up. */
  public long remaining() {
    return remaining;
  }

  /** Address of the first range that is not used up, for the kernel. */
  long address() {
    return ranges.address() + (long) first * STRIDE;
  }

  /** Uses up the first {@code bytes} after a transfer of so many. */
  void advance(long bytes) {
    remaining -= bytes;
    long left = bytes;
    while (first < end && left >= ranges.getLong(first * STRIDE + LENGTH)) {
      left -= ranges.getLong(first * STRIDE + LENGTH);
      first++;
    }
    if (left > 0) {
      int base = first * STRIDE + BASE;
      int length = first * STRIDE + LENGTH;
      ranges.putLong(base, ranges.getLong(base) + left);
      ranges.putLong(length, ranges.getLong(length) - left);
    }
  }
}
