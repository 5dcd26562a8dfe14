package org.vivarium.devices.virtio.blk;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import org.vivarium.images.disk.DiskImage;

/** All tests of the device again, with io_uring on the disk's file. */
class BlkDeviceRingTest extends BlkDeviceTest {
  @Override
  MemoryDisk newDisk() {
    try {
      return new MemoryDisk(1 << 20, Files.createTempFile("disk", ".raw"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  AutoCloseable prepare(BlkDevice plugged, DiskImage image) {
    return Rings.accelerate(plugged, image);
  }
}
