package org.vivarium.images.oci;

import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a file tree knows of a thing in it besides its content.
 *
 * @param mode permission bits, 0 to 07777
 * @param uid owner, 0 to 2^31-1
 * @param gid group, 0 to 2^31-1
 * @param modified seconds since the epoch
 * @param extended extended attributes by their full names; a value has a character for each byte
 */
record Attributes(int mode, int uid, int gid, long modified, Map<String, String> extended) {
  /** Of a folder that no layer describes. */
  static final Attributes IMPLIED = new Attributes(0755, 0, 0, 0);

  Attributes {
    // Sorted, so that the same tree gives the same bytes.
    extended = extended.isEmpty() ? Map.of() : Collections.unmodifiableMap(new TreeMap<>(extended));
  }

  Attributes(int mode, int uid, int gid, long modified) {
    this(mode, uid, gid, modified, Map.of());
  }

  /** A copy with one more extended attribute. */
  Attributes with(String name, String value) {
    Map<String, String> more = new TreeMap<>(extended);
    more.put(name, value);
    return new Attributes(mode, uid, gid, modified, more);
  }
}
