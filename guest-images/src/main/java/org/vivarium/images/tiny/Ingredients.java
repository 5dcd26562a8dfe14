package org.vivarium.images.tiny;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.vivarium.images.ImageException;
import org.vivarium.images.deb.DebPackage;
import org.vivarium.images.deb.PackageSource;

/**
 * The packages that an image is made of.
 *
 * @param tools the one with busybox
 * @param kernel those with the kernel and its modules, at least one
 */
record Ingredients(DebPackage tools, List<DebPackage> kernel) {
  Ingredients {
    kernel = List.copyOf(kernel);
  }

  List<DebPackage> all() {
    List<DebPackage> all = new ArrayList<>(kernel);
    all.add(tools);
    return all;
  }

  /**
   * Looks the packages up that the recipe names.
   *
   * @throws ImageException if the source has them not, or cannot be asked
   */
  static Ingredients find(PackageSource source, String flavour) throws ImageException {
    DebPackage tools = first(source, TinyRecipe.tools());
    DebPackage kernel = first(source, TinyRecipe.kernel(flavour));
    Pattern part = TinyRecipe.kernelPart();
    // The newest kernel's package may be an empty one that depends on the real one, which in turn
    // may keep its modules in another package.
    Set<DebPackage> parts = new LinkedHashSet<>();
    List<DebPackage> open = new ArrayList<>(List.of(kernel));
    while (!open.isEmpty()) {
      for (String name : open.removeLast().depends()) {
        if (part.matcher(name).matches()) {
          DebPackage needed = source.find(name).orElseThrow(() -> notFound(List.of(name)));
          if (parts.add(needed)) {
            open.add(needed);
          }
        }
      }
    }
    return new Ingredients(tools, parts.isEmpty() ? List.of(kernel) : List.copyOf(parts));
  }

  private static DebPackage first(PackageSource source, List<String> names) throws ImageException {
    for (String name : names) {
      Optional<DebPackage> found = source.find(name);
      if (found.isPresent()) {
        return found.get();
      }
    }
    throw notFound(names);
  }

  private static ImageException notFound(List<String> names) {
    return new ImageException(
        "No package %s was found: run apt-get update, or set VIVARIUM_MIRROR to a Debian mirror."
            .formatted(String.join(" or ", names)));
  }
}
