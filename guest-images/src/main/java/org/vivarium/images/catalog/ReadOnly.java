package org.vivarium.images.catalog;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.EnumSet;

/** Takes the right to write a base from its owner, against accidents. */
final class ReadOnly {
  private ReadOnly() {}

  static void protect(Path file) throws IOException {
    Files.setPosixFilePermissions(
        file, EnumSet.of(PosixFilePermission.OWNER_READ, PosixFilePermission.GROUP_READ));
  }
}
