package org.vivarium.images.deb;

import java.util.List;

/**
 * A package as an index describes it.
 *
 * @param name "linux-image-cloud-amd64"
 * @param version "6.1.192-2"
 * @param depends names of the packages that it depends on; of alternatives, the first
 * @param filename path of the .deb below the mirror's root
 * @param size bytes of the .deb
 * @param sha256 of the .deb, 64 lower-case hexadecimal digits
 */
public record DebPackage(
    String name, String version, List<String> depends, String filename, long size, String sha256) {
  public DebPackage {
    depends = List.copyOf(depends);
    if (!name.matches("[a-z0-9][a-z0-9+.-]+")) {
      throw new IllegalArgumentException("package name " + name);
    }
    if (!version.matches("[A-Za-z0-9.+:~-]+")) {
      throw new IllegalArgumentException("version " + version + " of " + name);
    }
    if (size <= 0) {
      throw new IllegalArgumentException("size " + size + " of " + name);
    }
    if (!sha256.matches("[0-9a-f]{64}")) {
      throw new IllegalArgumentException("SHA256 of " + name);
    }
  }
}
