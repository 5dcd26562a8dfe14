package org.vivarium.images.deb;

import java.io.BufferedReader;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The packages of an index in Debian's control format (deb822(5)), as Packages files and {@code
 * apt-cache show} hold it. Of several versions of a package the newest counts.
 *
 * <p>Stanzas without a file or a checksum, as those of packages that were only installed by hand,
 * are left out. Belongs to one thread.
 */
final class PackageIndex {
  private static final Pattern DEPENDENCY = Pattern.compile("\\s*([a-z0-9][a-z0-9+.-]+)");

  /** Longest line that is kept, characters: kernel packages provide lists of some kilobytes. */
  private static final int MAX_LINE = 1 << 20;

  private final Map<String, DebPackage> packages = new HashMap<>();

  Optional<DebPackage> find(String name) {
    return Optional.ofNullable(packages.get(name));
  }

  /**
   * Adds what the reader holds.
   *
   * @throws IOException if it cannot be read or a stanza is malformed
   */
  void read(BufferedReader in) throws IOException {
    Map<String, String> stanza = new HashMap<>();
    String line;
    while ((line = in.readLine()) != null) {
      if (line.length() > MAX_LINE) {
        throw new IOException("a line of " + line.length() + " characters");
      }
      if (line.isBlank()) {
        add(stanza);
        stanza.clear();
      } else if (!Character.isWhitespace(line.charAt(0))) {
        int colon = line.indexOf(':');
        if (colon > 0) {
          stanza.put(line.substring(0, colon), line.substring(colon + 1).strip());
        }
      }
    }
    add(stanza);
  }

  private void add(Map<String, String> stanza) throws IOException {
    String name = stanza.get("Package");
    String filename = stanza.get("Filename");
    String sha256 = stanza.get("SHA256");
    String version = stanza.get("Version");
    if (name == null || filename == null || sha256 == null || version == null) {
      return;
    }
    try {
      long size = Long.parseLong(stanza.getOrDefault("Size", "0"));
      List<String> depends = depends(stanza.getOrDefault("Depends", ""));
      DebPackage found = new DebPackage(name, version, depends, filename, size, sha256);
      packages.merge(name, found, PackageIndex::newer);
    } catch (IllegalArgumentException e) {
      throw new IOException("a malformed stanza: " + e.getMessage(), e);
    }
  }

  private static DebPackage newer(DebPackage a, DebPackage b) {
    return DebVersion.compare(a.version(), b.version()) >= 0 ? a : b;
  }

  private static List<String> depends(String field) {
    List<String> names = new ArrayList<>();
    for (String dependency : field.split(",", -1)) {
      Matcher first = DEPENDENCY.matcher(dependency);
      if (first.lookingAt()) {
        names.add(first.group(1));
      }
    }
    return names;
  }
}
