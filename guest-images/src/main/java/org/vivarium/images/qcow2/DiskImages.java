package org.vivarium.images.qcow2;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.vivarium.images.disk.DiskFormat;
import org.vivarium.images.disk.DiskImage;
import org.vivarium.images.disk.DiskImageException;
import org.vivarium.images.disk.DiskOptions;
import org.vivarium.images.disk.FileKey;
import org.vivarium.images.disk.RawImage;

/** Opens disks of any supported format. */
public final class DiskImages {
  /** Images in a backing chain, the topmost included. */
  static final int MAX_CHAIN = 64;

  private DiskImages() {}

  /**
   * Opens a disk and, read-only, the images below it as far as the options allow.
   *
   * @throws DiskImageException where the disk cannot be opened, with the reason
   */
  public static DiskImage open(Path path, DiskFormat format, DiskOptions options)
      throws IOException {
    return open(path, format, options, List.of());
  }

  /** Opens one image of a chain; {@code above} holds the file keys of those over it. */
  static DiskImage open(Path path, DiskFormat format, DiskOptions options, List<Object> above)
      throws IOException {
    if (above.size() >= MAX_CHAIN) {
      throw new DiskImageException(
          "Image " + path + " lies below " + MAX_CHAIN + " others; no longer chain is opened.");
    }
    List<Object> chain = new ArrayList<>(above);
    Object key = FileKey.of(path);
    if (chain.contains(key)) {
      throw new DiskImageException("Image " + path + " is its own backing file.");
    }
    chain.add(key);
    return switch (format) {
      case RAW -> RawImage.open(path, options);
      case QCOW2 -> ImageOpener.open(path, options, chain);
    };
  }
}
