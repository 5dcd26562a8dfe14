package org.vivarium.vmm.acpi;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** Names of ACPI objects (ACPI 6.4, 20.2.2). */
final class AmlName {
  private static final int DUAL_NAME_PREFIX = 0x2E;
  private static final int MULTI_NAME_PREFIX = 0x2F;
  private static final int NULL_NAME = 0x00;
  private static final int SEGMENT_SIZE = 4;

  private AmlName() {}

  /**
   * Encodes a path.
   *
   * @param path segments of one to four characters separated by dots, after \ for the root or any
   *     number of ^ for the scopes above
   */
  static byte[] encode(String path) {
    int start = prefixLength(path);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(path.substring(0, start).getBytes(StandardCharsets.US_ASCII));
    if (start == path.length()) {
      out.write(NULL_NAME);
      return out.toByteArray();
    }
    int segments = 1;
    for (int dot = path.indexOf('.'); dot >= 0; dot = path.indexOf('.', dot + 1)) {
      segments++;
    }
    if (segments == 2) {
      out.write(DUAL_NAME_PREFIX);
    } else if (segments > 2) {
      out.write(MULTI_NAME_PREFIX);
      out.write(segments);
    }
    int from = start;
    for (int i = 0; i < segments; i++) {
      int dot = path.indexOf('.', from);
      int end = dot < 0 ? path.length() : dot;
      writeSegment(out, path, from, end);
      from = end + 1;
    }
    return out.toByteArray();
  }

  private static int prefixLength(String path) {
    if (path.startsWith("\\")) {
      return 1;
    }
    int length = 0;
    while (length < path.length() && path.charAt(length) == '^') {
      length++;
    }
    return length;
  }

  private static void writeSegment(ByteArrayOutputStream out, String path, int from, int end) {
    if (end == from || end - from > SEGMENT_SIZE) {
      throw new IllegalArgumentException("Not a path of ACPI names: " + path);
    }
    for (int i = 0; i < SEGMENT_SIZE; i++) {
      char c = from + i < end ? path.charAt(from + i) : '_';
      boolean digit = c >= '0' && c <= '9' && i > 0;
      if (!digit && c != '_' && (c < 'A' || c > 'Z')) {
        throw new IllegalArgumentException("Not a path of ACPI names: " + path);
      }
      out.write(c);
    }
  }
}
