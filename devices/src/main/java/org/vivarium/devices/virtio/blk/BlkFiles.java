package org.vivarium.devices.virtio.blk;

import java.util.ArrayList;
import java.util.List;
import org.vivarium.images.disk.BlockFile;
import org.vivarium.images.disk.DiskImage;
import org.vivarium.kvm.KvmException;
import org.vivarium.kvm.NativeFile;

/**
 * The host's files of a disk image, open a second time for requests that go to the kernel without
 * the image's help. The image keeps the locks; close this before it.
 */
public final class BlkFiles implements AutoCloseable {
  private final List<NativeFile> files;

  private BlkFiles(List<NativeFile> files) {
    this.files = List.copyOf(files);
  }

  /**
   * Opens what an image lies in, as it did itself: by {@link DiskImage#files}.
   *
   * @throws KvmException naming the file that cannot be opened; none stays open then
   */
  public static BlkFiles open(DiskImage image) throws KvmException {
    List<NativeFile> opened = new ArrayList<>();
    try {
      for (BlockFile file : image.files()) {
        NativeFile.Mode mode =
            file.isReadOnly() ? NativeFile.Mode.READ : NativeFile.Mode.READ_WRITE;
        opened.add(NativeFile.open(file.path(), mode));
      }
      return new BlkFiles(opened);
    } catch (KvmException e) {
      opened.forEach(NativeFile::close);
      throw e;
    }
  }

  /** The files, by their index in {@link DiskImage#files}. */
  List<NativeFile> all() {
    return files;
  }

  @Override
  public void close() {
    files.forEach(NativeFile::close);
  }
}
