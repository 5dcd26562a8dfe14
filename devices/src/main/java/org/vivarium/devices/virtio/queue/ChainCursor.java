package org.vivarium.devices.virtio.queue;

import org.vivarium.kvm.GuestMemory;

/**
 * A position in the device-readable or device-writable bytes of a chain.
 *
 * <p>How the driver cut the bytes into descriptors does not show (VIRTIO 1.2, 2.7.4.1: a device
 * must not make assumptions about the framing). The caller stays within {@link #remaining()}; going
 * past it is a bug in the device and throws IndexOutOfBoundsException.
 */
public abstract sealed class ChainCursor permits ChainReader, ChainWriter {
  final GuestMemory memory;
  private final DescriptorChain chain;
  private int index;
  private int end;
  private long offset;
  private long remaining;
  private long total;

  ChainCursor(GuestMemory memory, DescriptorChain chain) {
    this.memory = memory;
    this.chain = chain;
  }

  final void rewind(int firstBuffer, int endBuffer, long bytes) {
    index = firstBuffer;
    end = endBuffer;
    offset = 0;
    remaining = bytes;
    total = bytes;
  }

  /** Bytes between the position and the end. */
  public final long remaining() {
    return remaining;
  }

  /** Bytes between the start and the position. */
  public final long position() {
    return total - remaining;
  }

  /** Moves the position {@code bytes} on. */
  public final void skip(long bytes) {
    require(bytes);
    long left = bytes;
    while (left > 0) {
      long step = Math.min(left, contiguous());
      advance(step);
      left -= step;
    }
  }

  /**
   * Appends the next {@code bytes} to {@code list} as ranges of guest memory, and moves on. Buffers
   * that lie one after the other in one region become one range.
   */
  public final void take(long bytes, BufferList list) {
    require(bytes);
    long left = bytes;
    while (left > 0) {
      long step = Math.min(left, contiguous());
      append(list, gpa(), step);
      advance(step);
      left -= step;
    }
  }

  private void append(BufferList list, long gpa, long length) {
    int last = list.count() - 1;
    if (last >= 0
        && list.gpa(last) + list.length(last) == gpa
        && memory.contains(list.gpa(last), list.length(last) + length)) {
      list.extendLast(length);
    } else {
      list.add(gpa, length);
    }
  }

  final void require(long bytes) {
    if (bytes < 0 || bytes > remaining) {
      throw new IndexOutOfBoundsException(bytes + " bytes of " + remaining + " in the chain");
    }
  }

  /** Guest physical address of the position; something must remain. */
  final long gpa() {
    return chain.gpa(index) + offset;
  }

  /** Bytes from the position to the end of its buffer; something must remain. */
  final long contiguous() {
    if (index >= end) {
      throw new IndexOutOfBoundsException("Past the end of the chain");
    }
    return chain.length(index) - offset;
  }

  /** Moves on inside the buffer of the position, or to the start of the next. */
  final void advance(long bytes) {
    offset += bytes;
    remaining -= bytes;
    if (offset == chain.length(index)) {
      index++;
      offset = 0;
    }
  }
}
