package org.vivarium.devices.virtio.blk;

import static org.junit.jupiter.api.Assumptions.abort;

import org.vivarium.images.disk.DiskImage;
import org.vivarium.kvm.Errno;
import org.vivarium.kvm.KvmException;

/** Gives devices io_uring in tests, which are skipped where the kernel has none for us. */
final class Rings {
  private Rings() {}

  /** Returns what is to be closed after the device. */
  static BlkFiles accelerate(BlkDevice device, DiskImage image) {
    try {
      BlkFiles files = BlkFiles.open(image, 64);
      device.accelerate(files);
      return files;
    } catch (KvmException e) {
      if (e.errno() != Errno.ENOSYS && e.errno() != Errno.EPERM) {
        throw new AssertionError(e);
      }
      return abort(e.getMessage());
    }
  }
}
