package org.vivarium.devices.virtio.queue;

import org.vivarium.kvm.GuestMemory;

/**
 * Copies bytes into the device-writable buffers of a chain.
 *
 * <p>Multi-byte values are little-endian and may lie across descriptors.
 */
public final class ChainWriter extends ChainCursor {
  ChainWriter(GuestMemory memory, DescriptorChain chain) {
    super(memory, chain);
  }

  /** Writes the low 8 bits of {@code value}. */
  public void writeU8(int value) {
    require(1);
    contiguous();
    memory.writeU8(gpa(), value);
    advance(1);
  }

  /** Writes the low 16 bits of {@code value}. */
  public void writeU16(int value) {
    require(2);
    writeU8(value);
    writeU8(value >>> 8);
  }

  /** Writes the low 32 bits of {@code value}. */
  public void writeU32(long value) {
    require(4);
    for (int shift = 0; shift < 32; shift += 8) {
      writeU8((int) (value >>> shift));
    }
  }

  /** Copies {@code length} bytes of {@code source} to the position. */
  public void write(byte[] source, int start, int length) {
    require(length);
    int done = 0;
    while (done < length) {
      int step = (int) Math.min(length - done, contiguous());
      memory.write(gpa(), source, start + done, step);
      advance(step);
      done += step;
    }
  }
}
