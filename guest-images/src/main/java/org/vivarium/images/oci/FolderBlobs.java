package org.vivarium.images.oci;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import org.vivarium.images.ImageException;

/** The files of an OCI layout in a folder. */
final class FolderBlobs implements Blobs {
  private final Path folder;

  FolderBlobs(Path folder) {
    this.folder = folder;
  }

  @Override
  public boolean has(String name) {
    return Files.isRegularFile(folder.resolve(name), LinkOption.NOFOLLOW_LINKS);
  }

  @Override
  public InputStream open(String name) throws IOException, ImageException {
    if (!has(name)) {
      throw new ImageException("The image in %s has no file %s.".formatted(folder, name));
    }
    return new BufferedInputStream(
        Files.newInputStream(folder.resolve(name), LinkOption.NOFOLLOW_LINKS), 1 << 16);
  }

  @Override
  public long size(String name) throws IOException {
    return has(name) ? Files.size(folder.resolve(name)) : 0;
  }

  @Override
  public void close() {
    // Nothing is held open.
  }
}
