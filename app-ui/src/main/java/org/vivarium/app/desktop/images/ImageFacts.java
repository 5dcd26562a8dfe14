package org.vivarium.app.desktop.images;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.vivarium.images.ImageException;
import org.vivarium.images.catalog.Catalogue;
import org.vivarium.images.catalog.CatalogueEntry;
import org.vivarium.images.catalog.EntryState;

/**
 * A guest of the catalogue and whether its image is there.
 *
 * @param entry the guest
 * @param state what is there of it
 */
record ImageFacts(CatalogueEntry entry, EntryState state) {
  /** What is known of the catalogue's guests in {@code home}. Blocks. */
  static List<ImageFacts> all(Path home) throws ImageException {
    Catalogue catalogue = Catalogue.open(home, System.getenv());
    List<ImageFacts> found = new ArrayList<>();
    for (CatalogueEntry entry : catalogue.entries()) {
      found.add(new ImageFacts(entry, catalogue.state(entry)));
    }
    return found;
  }
}
