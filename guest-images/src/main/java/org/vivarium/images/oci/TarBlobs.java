package org.vivarium.images.oci;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarFile;
import org.jspecify.annotations.Nullable;
import org.vivarium.images.ImageException;

/** The files of an image in a tar archive, as "docker save" and "skopeo copy" write them. */
final class TarBlobs implements Blobs {
  private static final int MOST_ENTRIES = 100_000;

  private final Path file;
  private final TarFile tar;
  private final Map<String, TarArchiveEntry> entries = new HashMap<>();

  private TarBlobs(Path file, TarFile tar) {
    this.file = file;
    this.tar = tar;
  }

  static TarBlobs open(Path file) throws IOException, ImageException {
    TarFile tar;
    try {
      tar = new TarFile(file);
    } catch (IOException | RuntimeException e) {
      // The reader of archives answers some damage with unchecked exceptions.
      throw new ImageException(
          "The file %s is no image: neither an OCI layout nor an uncompressed archive of one."
              .formatted(file),
          e);
    }
    TarBlobs blobs = new TarBlobs(file, tar);
    if (tar.getEntries().size() > MOST_ENTRIES) {
      tar.close();
      throw new ImageException(
          "The archive %s holds more than %d files.".formatted(file, MOST_ENTRIES));
    }
    for (TarArchiveEntry entry : tar.getEntries()) {
      String name = entry.getName();
      blobs.entries.put(name.startsWith("./") ? name.substring(2) : name, entry);
    }
    return blobs;
  }

  @Override
  public boolean has(String name) {
    return find(name) != null;
  }

  @Override
  public InputStream open(String name) throws IOException, ImageException {
    TarArchiveEntry entry = find(name);
    if (entry == null) {
      throw new ImageException("The archive %s has no file %s.".formatted(file, name));
    }
    return new BufferedInputStream(tar.getInputStream(entry), 1 << 16);
  }

  @Override
  public long size(String name) {
    TarArchiveEntry entry = find(name);
    return entry == null ? 0 : entry.getRealSize();
  }

  /** Docker used to store a layer that two images share once, and a link to it. */
  private @Nullable TarArchiveEntry find(String name) {
    TarArchiveEntry entry = entries.get(name);
    if (entry != null && (entry.isSymbolicLink() || entry.isLink())) {
      Path folder = entry.isLink() ? null : Path.of(name).getParent();
      Path target =
          folder == null ? Path.of(entry.getLinkName()) : folder.resolve(entry.getLinkName());
      entry = entries.get(target.normalize().toString());
    }
    return entry != null && entry.isFile() && !entry.isSymbolicLink() && !entry.isLink()
        ? entry
        : null;
  }

  @Override
  public void close() throws IOException {
    tar.close();
  }
}
