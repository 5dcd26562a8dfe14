package org.vivarium.devices.virtio.queue;

import org.vivarium.kvm.GuestMemory;

/**
 * Copies the device-readable bytes of a chain out of guest memory, each byte once.
 *
 * <p>Multi-byte values are little-endian and may lie across descriptors.
 */
public final class ChainReader extends ChainCursor {
  ChainReader(GuestMemory memory, DescriptorChain chain) {
    super(memory, chain);
  }

  /** Reads an unsigned byte. */
  public int readU8() {
    require(1);
    contiguous();
    int value = memory.readU8(gpa());
    advance(1);
    return value;
  }

  /** Reads an unsigned 16-bit value. */
  public int readU16() {
    return (int) readLittleEndian(2);
  }

  /** Reads an unsigned 32-bit value. */
  public long readU32() {
    require(4);
    if (contiguous() < 4) {
      return readLittleEndian(4);
    }
    long value = memory.readU32(gpa());
    advance(4);
    return value;
  }

  /** Reads a 64-bit value. */
  public long readU64() {
    require(8);
    if (contiguous() < 8) {
      return readLittleEndian(8);
    }
    long value = memory.readU64(gpa());
    advance(8);
    return value;
  }

  /** Copies the next {@code length} bytes into {@code target}. */
  public void read(byte[] target, int start, int length) {
    require(length);
    int done = 0;
    while (done < length) {
      int step = (int) Math.min(length - done, contiguous());
      memory.read(gpa(), target, start + done, step);
      advance(step);
      done += step;
    }
  }

  private long readLittleEndian(int bytes) {
    require(bytes);
    long value = 0;
    for (int i = 0; i < bytes; i++) {
      value |= (long) readU8() << (8 * i);
    }
    return value;
  }
}
