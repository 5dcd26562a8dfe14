package org.vivarium.images.tiny;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.vivarium.images.DurableFiles;

/**
 * The note that says which built image is the present one of a flavour, and what it was made of.
 *
 * <p>It is read at each start: by plain string operations, since every class that need not be
 * loaded then is time saved.
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

  /** Reads the stamp of a flavour; one that is absent or unreadable counts as not built. */
  static Optional<Stamp> read(Path folder, String flavour) {
    String text;
    try {
      text = Files.readString(folder.resolve(flavour + SUFFIX));
    } catch (IOException _) {
      return Optional.empty();
    }
    Map<String, String> fields = new HashMap<>();
    int at = 0;
    for (int end; (end = text.indexOf('\n', at)) >= 0; at = end + 1) {
      int equals = text.indexOf('=', at);
      if (equals > at && equals < end) {
        fields.put(text.substring(at, equals), text.substring(equals + 1, end));
      }
    }
    String named = fields.getOrDefault("folder", "");
    // The last field: its line end tells that the stamp is whole.
    String commandLine = fields.get("commandLine");
    if (named.isEmpty()
        || named.indexOf('/') >= 0
        || named.startsWith(".")
        || commandLine == null) {
      return Optional.empty();
    }
    return Optional.of(
        new Stamp(
            fields.getOrDefault("recipe", ""),
            fields.getOrDefault("index", ""),
            List.of(fields.getOrDefault("packages", "").split(" ")),
            named,
            fields.getOrDefault("release", ""),
            commandLine));
  }

  /** Writes the stamp of a flavour, in one step. */
  void write(Path images, String flavour) throws IOException {
    String text =
        String.join(
            "\n",
            "recipe=" + recipe,
            "index=" + index,
            "packages=" + String.join(" ", packages),
            "folder=" + folder,
            "release=" + release,
            "commandLine=" + commandLine,
            "");
    DurableFiles.write(images, flavour + SUFFIX, text.getBytes(DurableFiles.TEXT));
  }
}
