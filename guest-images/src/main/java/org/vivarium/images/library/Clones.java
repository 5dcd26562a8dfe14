package org.vivarium.images.library;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Path;
import org.vivarium.images.disk.DiskFormat;
import org.vivarium.images.disk.DiskImage;
import org.vivarium.images.disk.DiskImageException;
import org.vivarium.images.disk.DiskOptions;
import org.vivarium.images.qcow2.DiskImages;
import org.vivarium.images.qcow2.Qcow2Creator;

/** Linked clones: a disk of its own over a base that it shares. */
public final class Clones {
  private Clones() {}

  /**
   * Makes an empty overlay over a base, in milliseconds and a few hundred KiB.
   *
   * @param home the home folder, in whose {@code images/} or {@code templates/} the base lies, or a
   *     base of the user's own
   * @param base the base, which must not be written from now on
   * @param format how the base stores its bytes
   * @param overlay the disk to make, qcow2
   * @param size bytes of the new disk; at least the base's, or 0 for the same
   * @throws DiskImageException where the base cannot be read or the overlay is there already
   */
  public static void link(Path home, Path base, DiskFormat format, Path overlay, long size)
      throws IOException {
    long least;
    DiskOptions options = DiskOptions.readOnlyAccess().withBacking(HomeBacking.of(home));
    try (DiskImage disk = DiskImages.open(base, format, options)) {
      least = disk.size();
    }
    if (size != 0 && size < least) {
      throw new DiskImageException(
          "A disk of %d bytes is too small for its base %s; choose %d or more."
              .formatted(size, base, least));
    }
    overlay(home, base, format, overlay, Math.max(size, least));
  }

  /** Makes an empty overlay over a base that somebody may have open. */
  public static void overlay(Path home, Path base, DiskFormat format, Path overlay, long size)
      throws IOException {
    Qcow2Creator.Spec spec = Qcow2Creator.Spec.of(size).over(name(home, base, overlay), format);
    try {
      Qcow2Creator.create(overlay, spec);
    } catch (FileAlreadyExistsException e) {
      throw new DiskImageException(
          "The file %s is there already; choose another name.".formatted(overlay), e);
    }
  }

  /** How an overlay names its base: relative where both lie in the home folder. */
  private static String name(Path home, Path base, Path overlay) throws IOException {
    Path real = base.toRealPath();
    Path realHome = home.toRealPath();
    Path folder = overlay.toAbsolutePath().getParent();
    if (folder == null) {
      throw new DiskImageException("The disk %s has no folder.".formatted(overlay));
    }
    Path realFolder = folder.toRealPath();
    boolean both = real.startsWith(realHome) && realFolder.startsWith(realHome);
    return both ? realFolder.relativize(real).toString() : real.toString();
  }
}
