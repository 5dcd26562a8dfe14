package org.vivarium.images.disk;

import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Decides which file may serve as the backing file that an image names.
 *
 * <p>An image is untrusted: a guest that could choose the name would read any file of the host
 * (CVE-2026-27211, CVE-2024-32498). So nothing is followed but what the owner of the disk named.
 */
@FunctionalInterface
public interface BackingPolicy {
  /** A backing file that may be opened. */
  record BackingFile(Path path, DiskFormat format) {}

  /**
   * Decides on one name.
   *
   * @param image the image that names it
   * @param name the name as it stands in the image
   * @param format the format that the image states, or null
   * @throws DiskImageException where it may not be opened, with the reason
   */
  BackingFile resolve(Path image, String name, @Nullable String format) throws IOException;

  /** Allows no backing file. */
  static BackingPolicy none() {
    return (image, name, _) -> {
      throw new DiskImageException(
          "Image "
              + image
              + " names the backing file \""
              + printable(name)
              + "\", which its definition does not allow.");
    };
  }

  /**
   * Allows these files, each opened in the format given here. A name is taken relative to the
   * image's folder; symbolic links are followed before the comparison.
   */
  static BackingPolicy allow(Map<Path, DiskFormat> files) {
    Map<Path, DiskFormat> copy = new HashMap<>(files);
    return (image, name, format) -> {
      Path real = resolveName(image, name);
      for (Map.Entry<Path, DiskFormat> entry : copy.entrySet()) {
        if (!real.equals(realPath(image, entry.getKey()))) {
          continue;
        }
        if (format != null && !format.equals(entry.getValue().id())) {
          throw new DiskImageException(
              "Image "
                  + image
                  + " calls its backing file's format \""
                  + printable(format)
                  + "\", its definition \""
                  + entry.getValue().id()
                  + "\".");
        }
        return new BackingFile(real, entry.getValue());
      }
      return none().resolve(image, name, format);
    };
  }

  private static Path resolveName(Path image, String name) throws IOException {
    if (Protocol.PREFIX.matcher(name).find()) {
      throw new DiskImageException(
          "Image "
              + image
              + " names the backing file \""
              + printable(name)
              + "\" by a protocol; only files are supported.");
    }
    try {
      return realPath(image, image.toAbsolutePath().resolveSibling(name));
    } catch (InvalidPathException e) {
      throw new DiskImageException("Image " + image + " names an impossible backing file.", e);
    }
  }

  private static Path realPath(Path image, Path path) throws IOException {
    try {
      return path.toRealPath();
    } catch (IOException e) {
      throw new DiskImageException(
          "Backing file " + printable(path.toString()) + " of " + image + " cannot be found.", e);
    }
  }

  private static String printable(String name) {
    return Protocol.CONTROL.matcher(name).replaceAll("?");
  }

  /** Patterns over names found in images. */
  final class Protocol {
    private static final Pattern PREFIX = Pattern.compile("^[A-Za-z][A-Za-z0-9+.-]*:");
    private static final Pattern CONTROL = Pattern.compile("\\p{Cntrl}");

    private Protocol() {}
  }
}
