package org.vivarium.devices.virtio.blk;

import static org.junit.jupiter.api.Assumptions.abort;

import org.vivarium.images.disk.DiskImage;
import org.vivarium.kvm.Errno;
import org.vivarium.kvm.KvmException;

/** Gives devices io_uring in tests, which are skipped where the kernel has none for us. */
final class Rings {
  private Rings() {}

  static void accelerate(BlkDevice device, DiskImage image) {
    // Registered with the ring, files stay open there.
    try (BlkFiles files = BlkFiles.open(image)) {
      device.accelerate(files);
    } catch (KvmException e) {
      if (e.errno() != Errno.ENOSYS && e.errno() != Errno.EPERM) {
        throw new AssertionError(e);
      }
      abort(e.getMessage());
    }
  }
}
