package org.vivarium.vmm.acpi;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

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
    if (start == path.length()) {
      byte[] bytes = Arrays.copyOf(path.getBytes(StandardCharsets.US_ASCII), start + 1);
      bytes[start] = NULL_NAME;
      return bytes;
    }
    int segments = 1;
    for (int dot = path.indexOf('.'); dot >= 0; dot = path.indexOf('.', dot + 1)) {
      segments++;
    }
    int marks = Math.min(segments, 3) - 1;
    byte[] bytes = new byte[start + marks + segments * SEGMENT_SIZE];
    for (int i = 0; i < start; i++) {
      bytes[i] = (byte) path.charAt(i);
    }
    if (marks == 1) {
      bytes[start] = DUAL_NAME_PREFIX;
    } else if (marks == 2) {
      bytes[start] = MULTI_NAME_PREFIX;
      bytes[start + 1] = (byte) segments;
    }
    int from = start;
    for (int i = 0; i < segments; i++) {
      int dot = path.indexOf('.', from);
      int end = dot < 0 ? path.length() : dot;
      writeSegment(bytes, start + marks + i * SEGMENT_SIZE, path, from, end);
      from = end + 1;
    }
    return bytes;
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

  private static void writeSegment(byte[] bytes, int at, String path, int from, int end) {
    if (end == from || end - from > SEGMENT_SIZE) {
      throw new IllegalArgumentException("Not a path of ACPI names: " + path);
    }
    for (int i = 0; i < SEGMENT_SIZE; i++) {
      char c = from + i < end ? path.charAt(from + i) : '_';
      boolean digit = c >= '0' && c <= '9' && i > 0;
      if (!digit && c != '_' && (c < 'A' || c > 'Z')) {
        throw new IllegalArgumentException("Not a path of ACPI names: " + path);
      }
      bytes[at + i] = (byte) c;
    }
  }
}
