package org.vivarium.images.disk;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;

/** What tells a file apart from all others of the host, whatever path leads to it. */
public final class FileKey {
  private FileKey() {}

  /**
   * Device and inode, as an object that is equal for the same file.
   *
   * @throws DiskImageException where the file does not exist
   */
  public static Object of(Path path) throws IOException {
    try {
      Object key = Files.readAttributes(path, BasicFileAttributes.class).fileKey();
      return key == null ? path.toRealPath() : key;
    } catch (NoSuchFileException e) {
      throw new DiskImageException("Disk " + path + " does not exist.", e);
    }
  }
}
