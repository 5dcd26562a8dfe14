package org.vivarium.images.qcow2;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.vivarium.images.disk.DiskImageException;

/**
 * The header extensions that matter here (qcow2.txt, "Header extensions"); others are skipped, as
 * the format says, and stay in the file.
 *
 * @param backingFormat name of the backing file's format, or null
 * @param incompatibleNames names of incompatible features by bit
 */
record HeaderExtensions(@Nullable String backingFormat, Map<Integer, String> incompatibleNames) {
  static final int END = 0;
  static final int BACKING_FORMAT = 0xE2792ACA;
  static final int FEATURE_NAMES = 0x6803F857;
  private static final int NAME_ENTRY = 48;
  private static final int MAX_FORMAT_NAME = 15;

  /** Parses from the header's end to the end mark, the backing file's name or the cluster's end. */
  static HeaderExtensions parse(ByteBuffer cluster, int start, long backingOffset, FieldCheck check)
      throws DiskImageException {
    int end =
        backingOffset > start && backingOffset < cluster.limit()
            ? (int) backingOffset
            : cluster.limit();
    String format = null;
    Map<Integer, String> names = new HashMap<>();
    int at = start;
    while (at <= end - 8) {
      int type = cluster.getInt(at);
      long length = Integer.toUnsignedLong(cluster.getInt(at + 4));
      at += 8;
      if (type == END) {
        break;
      }
      check.that(
          length <= end - at,
          "has a header extension 0x%08x of %d bytes, more than its header holds"
              .formatted(type, length));
      if (type == BACKING_FORMAT) {
        check.range("the length of the backing format's name", length, 1, MAX_FORMAT_NAME);
        format = text(cluster, at, (int) length);
      } else if (type == FEATURE_NAMES) {
        readNames(cluster, at, (int) length, names);
      }
      at += (int) ((length + 7) & ~7L);
    }
    return new HeaderExtensions(format, Map.copyOf(names));
  }

  private static void readNames(ByteBuffer b, int start, int length, Map<Integer, String> names) {
    for (int at = start; at + NAME_ENTRY <= start + length; at += NAME_ENTRY) {
      if (b.get(at) == 0) {
        String name = text(b, at + 2, NAME_ENTRY - 2);
        int nul = name.indexOf('\0');
        names.put(b.get(at + 1) & 0xFF, nul < 0 ? name : name.substring(0, nul));
      }
    }
  }

  private static String text(ByteBuffer b, int at, int length) {
    byte[] bytes = new byte[length];
    b.get(at, bytes);
    return new String(bytes, StandardCharsets.UTF_8).replaceAll("[\\p{Cntrl}&&[^\0]]", "?");
  }

  /** The image's own name for an incompatible feature. */
  String incompatibleName(int bit) {
    String name = incompatibleNames.get(bit);
    return name == null ? "without a name" : "\"" + name + "\"";
  }
}
