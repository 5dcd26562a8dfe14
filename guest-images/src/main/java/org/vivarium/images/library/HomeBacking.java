package org.vivarium.images.library;

import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Locale;
import org.vivarium.images.disk.BackingPolicy;
import org.vivarium.images.disk.DiskFormat;
import org.vivarium.images.disk.DiskImageException;

/** Which files may lie below the disks of a home folder. */
public final class HomeBacking {
  private HomeBacking() {}

  /**
   * Allows the bases of the home folder, in {@code images/} and {@code templates/}, whose format
   * the overlay states, and whatever else the given policy allows. Images that come from elsewhere
   * are never put there with a backing file of their own.
   *
   * @param home the home folder
   * @param other decides on files elsewhere
   */
  public static BackingPolicy of(Path home, BackingPolicy other) {
    return (image, name, format) -> {
      Path real;
      try {
        real = image.toAbsolutePath().resolveSibling(name).toRealPath();
        Path realHome = home.toRealPath();
        if (format != null
            && (real.startsWith(realHome.resolve("images"))
                || real.startsWith(realHome.resolve("templates")))) {
          return new BackingPolicy.BackingFile(real, DiskFormat.of(format));
        }
      } catch (IOException | InvalidPathException e) {
        throw new DiskImageException(
            "The base of the disk %s cannot be found at \"%s\"; restore it, or use a backup."
                .formatted(image, name.replaceAll("\\p{Cntrl}", "?")),
            e);
      }
      return other.resolve(image, name, format);
    };
  }

  /** As {@link #of(Path, BackingPolicy)}, with nothing else allowed. */
  public static BackingPolicy of(Path home) {
    return of(home, BackingPolicy.none());
  }

  /** The format that a disk's name tells; raw unless it ends in ".qcow2". */
  public static DiskFormat formatOf(Path disk) {
    String name = disk.getFileName().toString().toLowerCase(Locale.ROOT);
    return name.endsWith(".qcow2") ? DiskFormat.QCOW2 : DiskFormat.RAW;
  }
}
