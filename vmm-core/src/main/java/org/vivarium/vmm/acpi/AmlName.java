package org.vivarium.vmm.acpi;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** Names of ACPI objects (ACPI 6.4, 20.2.2). */
final class AmlName {
  private static final int DUAL_NAME_PREFIX = 0x2E;
  private static final int MULTI_NAME_PREFIX = 0x2F;
  private static final int NULL_NAME = 0x00;

  private AmlName() {}

  /**
   * Encodes a path.
   *
   * @param path segments of one to four characters separated by dots, after \ for the root or any
   *     number of ^ for the scopes above
   */
  static byte[] encode(String path) {
    if (!path.matches("(\\\\|\\^*)([A-Z_][A-Z0-9_]{0,3}(\\.[A-Z_][A-Z0-9_]{0,3}){0,254})?")) {
      throw new IllegalArgumentException("Not a path of ACPI names: " + path);
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    int start = 0;
    while (start < path.length() && (path.charAt(start) == '\\' || path.charAt(start) == '^')) {
      out.write(path.charAt(start++));
    }
    String names = path.substring(start);
    if (names.isEmpty()) {
      out.write(NULL_NAME);
      return out.toByteArray();
    }
    String[] segments = names.split("\\.", -1);
    if (segments.length == 2) {
      out.write(DUAL_NAME_PREFIX);
    } else if (segments.length > 2) {
      out.write(MULTI_NAME_PREFIX);
      out.write(segments.length);
    }
    for (String segment : segments) {
      String padded = (segment + "___").substring(0, 4);
      out.writeBytes(padded.getBytes(StandardCharsets.US_ASCII));
    }
    return out.toByteArray();
  }
}
