package org.vivarium.kvm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.vivarium.kvm.ffi.iovec;

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

  private static final ValueLayout.OfLong WORD = ValueLayout.JAVA_LONG;
  private static final long BASE = iovec.iov_base$offset();
  private static final long LENGTH = iovec.iov_len$offset();
  private static final long STRIDE = iovec.sizeof();

  private final MemorySegment ranges;
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
    this.ranges = Arena.ofAuto().allocate(STRIDE * capacity, Long.BYTES);
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
    ranges.set(WORD, end * STRIDE + BASE, address);
    ranges.set(WORD, end * STRIDE + LENGTH, length);
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
    return ranges.address() + first * STRIDE;
  }

  /** Uses up the first {@code bytes} after a transfer of so many. */
  void advance(long bytes) {
    remaining -= bytes;
    long left = bytes;
    while (first < end && left >= ranges.get(WORD, first * STRIDE + LENGTH)) {
      left -= ranges.get(WORD, first * STRIDE + LENGTH);
      first++;
    }
    if (left > 0) {
      long base = first * STRIDE + BASE;
      long length = first * STRIDE + LENGTH;
      ranges.set(WORD, base, ranges.get(WORD, base) + left);
      ranges.set(WORD, length, ranges.get(WORD, length) - left);
    }
  }
}
