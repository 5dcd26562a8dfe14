package org.vivarium.images.deb;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.vivarium.images.ImageException;

/** Checks what was fetched, and gives it its final name only then. */
final class PackageFile {
  /** Largest package that is fetched, bytes: kernels have a tenth of it. */
  private static final long MAX_SIZE = 1L << 30;

  private PackageFile() {}

  /** Refuses a package that would fill the disk. */
  static void checkSize(DebPackage wanted) throws ImageException {
    if (wanted.size() > MAX_SIZE) {
      throw new ImageException(
          "The package %s has %d bytes, more than the limit of %d."
              .formatted(wanted.name(), wanted.size(), MAX_SIZE));
    }
  }

  /** Returns whether the file is there, whole and unaltered. */
  static boolean isWhole(Path file, long size, String sha256) throws IOException {
    return Files.isRegularFile(file) && Files.size(file) == size && Sha256.of(file).equals(sha256);
  }

  /** Moves a fetched package to its final name; deletes it if it is not what the index promised. */
  static void accept(DebPackage wanted, Path fetched, Path target)
      throws IOException, ImageException {
    if (!isWhole(fetched, wanted.size(), wanted.sha256())) {
      Files.deleteIfExists(fetched);
      throw new ImageException(
          "The package %s %s does not match its checksum; try again, or use another mirror."
              .formatted(wanted.name(), wanted.version()));
    }
    Files.move(fetched, target, StandardCopyOption.ATOMIC_MOVE);
  }
}
