package org.vivarium.devices.virtio.blk;

import java.util.ArrayList;
import java.util.List;
import org.vivarium.images.disk.BlockFile;
import org.vivarium.images.disk.DiskImage;
import org.vivarium.kvm.IoUring;
import org.vivarium.kvm.KvmException;
import org.vivarium.kvm.NativeFile;

/**
 * The host's files of a disk image in an io_uring of their own, for requests that go to the kernel
 * without the image's help.
 *
 * <p>Lives as long as the image, over resets and restarts: it is made before the process gives up
 * the right to make one. The image keeps the locks; close this before it. One device at a time.
 */
public final class BlkFiles implements AutoCloseable {
  /** Requests that are handed to the kernel at once, at most. */
  private static final int ENTRIES = 256;

  private final IoUring ring;
  private final int capacity;

  private BlkFiles(IoUring ring, int capacity) {
    this.ring = ring;
    this.capacity = capacity;
  }

  /**
   * Opens what an image lies in a second time, by {@link DiskImage#files}.
   *
   * @param capacity most requests in flight, 1 to 65536
   * @throws KvmException naming the file that cannot be opened, or because the kernel has no
   *     io_uring for us; nothing stays open then
   */
  public static BlkFiles open(DiskImage image, int capacity) throws KvmException {
    List<NativeFile> opened = new ArrayList<>();
    try {
      for (BlockFile file : image.files()) {
        NativeFile.Mode mode =
            file.isReadOnly() ? NativeFile.Mode.READ : NativeFile.Mode.READ_WRITE;
        opened.add(NativeFile.open(file.path(), mode));
      }
      return new BlkFiles(IoUring.create(Math.min(ENTRIES, capacity), capacity, opened), capacity);
    } finally {
      // The ring holds on to what it was given.
      opened.forEach(NativeFile::close);
    }
  }

  IoUring ring() {
    return ring;
  }

  int capacity() {
    return capacity;
  }

  /** Gives the ring back; the device that used it is closed. */
  @Override
  public void close() {
    ring.close();
  }
}
