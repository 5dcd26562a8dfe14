package org.vivarium.kvm;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** A contiguous range of guest RAM and where it lies in this process. */
public final class GuestMemoryRegion {
  /** From the start of one window to that of the next, bytes. */
  private static final int STRIDE_SHIFT = 30;

  /** Bytes that a window reaches: nearly all that a buffer can hold. */
  private static final long REACH = (2L << STRIDE_SHIFT) - GuestMemory.PAGE_SIZE;

  /** An access of so many bytes lies in one window wherever it begins. */
  static final int LONGEST_ACCESS = 1 << (STRIDE_SHIFT - 1);

  private final long gpa;
  private final MemorySegment segment;

  /**
   * The bytes through buffers, which cost code that is interpreted, as a start's is, far less than
   * a segment; they check bounds and liveness as it does. Each begins 1 GiB after the one before
   * and reaches over its start.
   */
  private final ByteBuffer[] windows;

  /**
   * @param gpa first guest physical address, page aligned, unsigned
   * @param segment the bytes, a multiple of the page size, mapped for as long as the {@link
   *     GuestMemory} is open
   */
  GuestMemoryRegion(long gpa, MemorySegment segment) {
    this.gpa = gpa;
    this.segment = segment;
    this.windows = new ByteBuffer[(int) (((segment.byteSize() - 1) >>> STRIDE_SHIFT) + 1)];
    for (int i = 0; i < windows.length; i++) {
      long start = (long) i << STRIDE_SHIFT;
      long bytes = Math.min(segment.byteSize() - start, REACH);
      windows[i] = segment.asSlice(start, bytes).asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
    }
  }

  /** First guest physical address, page aligned, unsigned. */
  public long gpa() {
    return gpa;
  }

  /** Bytes, a multiple of the page size. */
  public long size() {
    return segment.byteSize();
  }

  /** First address after the region. */
  public long end() {
    return gpa + size();
  }

  /** Host virtual address of the first byte. */
  public long hva() {
    return segment.address();
  }

  /** The bytes. */
  MemorySegment segment() {
    return segment;
  }

  /**
   * A little-endian buffer with the byte at {@code offset}, at {@link #index}, and what follows.
   */
  ByteBuffer window(long offset) {
    return windows[(int) (offset >>> STRIDE_SHIFT)];
  }

  /** Where in {@link #window} the byte at {@code offset} is. */
  static int index(long offset) {
    return (int) offset & ((1 << STRIDE_SHIFT) - 1);
  }
}
