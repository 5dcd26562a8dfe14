package org.vivarium.vmm.boot;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.vivarium.kvm.GuestMemory;
import org.vivarium.vmm.InvalidConfigException;

/** Bytes that a loader reads: a kernel or an initrd, in a file or unpacked in memory. */
public interface BootImage {
  /** What messages call it: its role and its path, such as "Kernel /boot/vmlinuz". */
  String label();

  /** Its path alone, for a message that begins with something else. */
  String path();

  /** Its size, bytes. */
  long size();

  /**
   * Fills {@code target}.
   *
   * @param position first byte, so that all of the target's remaining bytes lie inside the image
   * @throws InvalidConfigException if the bytes cannot be had
   */
  void read(long position, ByteBuffer target) throws InvalidConfigException;

  /**
   * A copy of a few bytes on the heap, little-endian.
   *
   * @param position first byte, with {@code length} inside the image
   * @throws InvalidConfigException if the bytes cannot be had
   */
  default ByteBuffer copy(long position, int length) throws InvalidConfigException {
    ByteBuffer bytes = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    read(position, bytes);
    return bytes.flip();
  }

  /**
   * Copies straight into guest memory.
   *
   * @param position first byte, with {@code length} inside the image
   * @param gpa where to, with {@code length} inside one region of {@code memory}
   * @throws InvalidConfigException if the bytes cannot be had
   */
  default void copyTo(GuestMemory memory, long gpa, long position, long length)
      throws InvalidConfigException {
    // A byte buffer holds at most 2 GiB.
    long chunk = 1L << 30;
    for (long done = 0; done < length; done += chunk) {
      long part = Math.min(chunk, length - done);
      read(position + done, memory.slice(gpa + done, part).asByteBuffer());
    }
  }
}
