package org.vivarium.app.desktop.images;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.vivarium.images.BootImage;
import org.vivarium.images.ImageException;
import org.vivarium.images.tiny.TinyLinux;

/**
 * An image that machines can boot from.
 *
 * @param id its name in definitions
 * @param ready whether it is there, so that a machine starts at once
 * @param bytes what it takes on disk
 * @param files its files
 */
record ImageFacts(String id, boolean ready, long bytes, List<Path> files) {
  /** What is known of the catalogue's guests in {@code folder}. Blocks. */
  static List<ImageFacts> all(Path folder) throws ImageException, IOException {
    List<ImageFacts> found = new ArrayList<>();
    for (String flavour : TinyLinux.flavours()) {
      Optional<BootImage> image = TinyLinux.locate(folder, flavour);
      List<Path> files =
          image.map(there -> List.of(there.kernel(), there.initrd())).orElse(List.of());
      long bytes = 0;
      for (Path file : files) {
        bytes += Files.size(file);
      }
      boolean standard = flavour.equals(TinyLinux.DEFAULT_FLAVOUR);
      if (standard || image.isPresent()) {
        found.add(
            new ImageFacts(standard ? "tiny" : "tiny-" + flavour, image.isPresent(), bytes, files));
      }
    }
    return found;
  }
}
