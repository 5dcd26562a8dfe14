package org.vivarium.images.oci;

import java.util.regex.Pattern;
import org.vivarium.images.ImageException;

/**
 * What identifies a blob (OCI image-spec, descriptor.md, "Digests"), of the one algorithm in use.
 *
 * @param hex the SHA-256, 64 lower-case hexadecimal digits
 */
record Digest(String hex) {
  private static final String PREFIX = "sha256:";
  private static final Pattern HEX = Pattern.compile("[0-9a-f]{64}");

  Digest {
    if (!HEX.matcher(hex).matches()) {
      throw new IllegalArgumentException("not a SHA-256: " + hex);
    }
  }

  /**
   * Reads {@code sha256:HEX}.
   *
   * @throws ImageException if it is anything else
   */
  static Digest parse(String text) throws ImageException {
    String hex = text.startsWith(PREFIX) ? text.substring(PREFIX.length()) : "";
    if (!HEX.matcher(hex).matches()) {
      throw new ImageException(
          "The image names a blob by \"%s\", which is no SHA-256.".formatted(shortened(text)));
    }
    return new Digest(hex);
  }

  /** The blob's place in an OCI layout. */
  String path() {
    return "blobs/sha256/" + hex;
  }

  @Override
  public String toString() {
    return PREFIX + hex;
  }

  private static String shortened(String text) {
    return text.length() <= 100 ? text : text.substring(0, 100) + "...";
  }
}
