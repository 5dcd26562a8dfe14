package org.vivarium.kvm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/**
 * Memory outside the heap with a fixed address, made once and used for many system calls.
 *
 * <p>Freed when nothing refers to it any more. One thread at a time.
 */
public final class NativeBuffer {
  private static final int ALIGNMENT = 64;

  private final MemorySegment segment;
  private final ByteBuffer bytes;

  /**
   * @param size bytes, from 1 up; all 0 at first
   */
  public NativeBuffer(int size) {
    segment = Arena.ofAuto().allocate(size, ALIGNMENT);
    bytes = segment.asByteBuffer();
  }

  /** Its bytes, big-endian: one view whose position and limit are the caller's. */
  public ByteBuffer bytes() {
    return bytes;
  }

  /** Bytes that it holds. */
  public int size() {
    return bytes.capacity();
  }

  /**
   * Address of a part of it, for a system call.
   *
   * @throws IndexOutOfBoundsException if the part is not inside
   */
  public long address(int offset, int length) {
    if (offset < 0 || length < 0 || offset > size() - length) {
      throw new IndexOutOfBoundsException(length + " bytes at " + offset + " of " + size());
    }
    return segment.address() + offset;
  }
}
