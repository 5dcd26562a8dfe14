package org.vivarium.images.qcow2;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.vivarium.images.disk.BackingPolicy;
import org.vivarium.images.disk.BlockFile;
import org.vivarium.images.disk.DiskImage;
import org.vivarium.images.disk.DiskImageException;
import org.vivarium.images.disk.DiskOptions;
import org.vivarium.images.disk.FileLocker;
import org.vivarium.images.disk.LockedFile;

/** Opens an image and what lies below it, and leaves nothing open where that fails. */
final class ImageOpener {
  private ImageOpener() {}

  /** Locks and opens an image; {@code chain} holds the file keys of it and those over it. */
  static Qcow2Image open(Path path, DiskOptions options, List<Object> chain) throws IOException {
    LockedFile locked = LockedFile.open(path, options);
    try {
      return open(locked.file(), locked.lease(), options, chain);
    } catch (IOException | RuntimeException e) {
      locked.abandon();
      throw e;
    }
  }

  /** Opens an image in an open and locked file, which it owns on success only. */
  static Qcow2Image open(
      BlockFile file, FileLocker.Lease lease, DiskOptions options, List<Object> chain)
      throws IOException {
    Qcow2Header header = Qcow2Header.read(file);
    if (!file.isReadOnly()) {
      checkWritable(header, new FieldCheck(file.path()));
    }
    DiskImage backing = null;
    if (header.backingName() != null) {
      BackingPolicy.BackingFile below =
          options.backing().resolve(file.path(), header.backingName(), header.backingFormat());
      backing = DiskImages.open(below.path(), below.format(), options.withReadOnly(true), chain);
    }
    try {
      return new Qcow2Image(file, lease, header, backing, options.cacheBytes());
    } catch (IOException | RuntimeException e) {
      if (backing != null) {
        backing.close();
      }
      throw e;
    }
  }

  private static void checkWritable(Qcow2Header header, FieldCheck check)
      throws DiskImageException {
    check.that(
        header.version() == 3,
        "is of version 2, which can only be read here; convert it with qemu-img amend -o"
            + " compat=1.1");
    check.that(
        (header.incompatible() & Qcow2Header.CORRUPT) == 0,
        "is marked as corrupt and can only be read; repair it with qemu-img check -r all");
    check.that(
        !header.geometry().extendedL2(),
        "has extended L2 entries, which can only be read here; convert it with qemu-img convert"
            + " -O qcow2");
    check.that(
        (header.autoclear() & Qcow2Header.BITMAPS) == 0,
        "has persistent bitmaps, which writing would make stale; remove them with qemu-img bitmap"
            + " --remove");
  }
}
