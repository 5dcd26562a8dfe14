package org.vivarium.images.tiny;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The note that says which built image is the present one of a flavour, and what it was made of.
 *
 * @param recipe digest of the recipe
 * @param index state of the package index when it was last looked at
 * @param packages digests of the packages, in the order of use
 * @param folder name of the image's folder
 * @param release the kernel's release
 * @param commandLine the image's kernel command line
 */
record Stamp(
    String recipe,
    String index,
    List<String> packages,
    String folder,
    String release,
    String commandLine) {
  private static final String SUFFIX = ".stamp";

  Stamp {
    packages = List.copyOf(packages);
  }

  Stamp withIndex(String newIndex) {
    return new Stamp(recipe, newIndex, packages, folder, release, commandLine);
  }

  /** Reads the stamp of a flavour; one that is absent or unreadable counts as not built. */
  static Optional<Stamp> read(Path folder, String flavour) {
    Map<String, String> fields = new HashMap<>();
    try {
      for (String line : Files.readAllLines(folder.resolve(flavour + SUFFIX))) {
        int equals = line.indexOf('=');
        if (equals > 0) {
          fields.put(line.substring(0, equals), line.substring(equals + 1));
        }
      }
    } catch (IOException _) {
      return Optional.empty();
    }
    String named = fields.getOrDefault("folder", "");
    if (!named.matches("[0-9a-f]{16,64}") || !fields.containsKey("commandLine")) {
      return Optional.empty();
    }
    return Optional.of(
        new Stamp(
            fields.getOrDefault("recipe", ""),
            fields.getOrDefault("index", ""),
            List.of(fields.getOrDefault("packages", "").split(" ")),
            named,
            fields.getOrDefault("release", ""),
            fields.getOrDefault("commandLine", "")));
  }

  /** Writes the stamp of a flavour, in one step. */
  void write(Path folder, String flavour) throws IOException {
    String text =
        "recipe=%s\nindex=%s\npackages=%s\nfolder=%s\nrelease=%s\ncommandLine=%s\n"
            .formatted(
                recipe, index, String.join(" ", packages), this.folder, release, commandLine);
    DurableFiles.write(folder, flavour + SUFFIX, text.getBytes(DurableFiles.TEXT));
  }
}
