package org.vivarium.images.seed;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;

/**
 * Writes a small ISO 9660 file system with Joliet names: files in one folder, nothing else
 * (ECMA-119; Joliet Specification). Stateless.
 */
final class Iso9660 {
  private static final int SECTOR = 2048;

  /** The first 16 sectors are the system's (ECMA-119, 6.2.1). */
  private static final int PRIMARY = 16;

  private static final int JOLIET = 17;
  private static final int TERMINATOR = 18;
  private static final int PRIMARY_PATHS = 19;
  private static final int PRIMARY_PATHS_BIG = 20;
  private static final int JOLIET_PATHS = 21;
  private static final int JOLIET_PATHS_BIG = 22;
  private static final int PRIMARY_ROOT = 23;
  private static final int JOLIET_ROOT = 24;
  private static final int FIRST_FILE = 25;

  private static final int RECORD = 33;
  private static final int FOLDER_FLAG = 2;
  private static final int PATH_ENTRY = 10;
  private static final Charset UCS2 = StandardCharsets.UTF_16BE;

  private Iso9660() {}

  /**
   * Returns an image.
   *
   * @param label the volume's name, at most 16 characters
   * @param files content by name, in the order of names; as many as fit one sector of entries
   */
  static byte[] image(String label, Map<String, byte[]> files) {
    int sectors = FIRST_FILE;
    for (byte[] content : files.values()) {
      sectors += sectors(content.length);
    }
    ByteBuffer image = ByteBuffer.allocate(sectors * SECTOR).order(ByteOrder.LITTLE_ENDIAN);
    descriptor(image, PRIMARY, 1, label, sectors);
    descriptor(image, JOLIET, 2, label, sectors);
    image.position(TERMINATOR * SECTOR);
    image.put((byte) 255).put(ascii("CD001")).put((byte) 1);
    paths(image, PRIMARY_PATHS, PRIMARY_ROOT);
    paths(image, JOLIET_PATHS, JOLIET_ROOT);
    folder(image, PRIMARY_ROOT, files, false);
    folder(image, JOLIET_ROOT, files, true);
    int at = FIRST_FILE;
    for (byte[] content : files.values()) {
      image.position(at * SECTOR).put(content);
      at += sectors(content.length);
    }
    return image.array();
  }

  private static int sectors(int length) {
    return (length + SECTOR - 1) / SECTOR;
  }

  /** A volume descriptor (ECMA-119, 8.4 and 8.5). */
  private static void descriptor(ByteBuffer image, int at, int type, String label, int sectors) {
    boolean joliet = type == 2;
    Charset names = joliet ? UCS2 : StandardCharsets.US_ASCII;
    int base = at * SECTOR;
    image.position(base);
    image.put((byte) type).put(ascii("CD001")).put((byte) 1).put((byte) 0);
    put(image, base + 8, "", 32, names);
    put(image, base + 40, label, 32, names);
    both(image.position(base + 80), sectors);
    if (joliet) {
      // UCS-2 level 3: names may have any character.
      image.position(base + 88).put(ascii("%/E"));
    }
    both16(image.position(base + 120), 1);
    both16(image, 1);
    both16(image, SECTOR);
    both(image, PATH_ENTRY);
    image.putInt(joliet ? JOLIET_PATHS : PRIMARY_PATHS).putInt(0);
    big(image, joliet ? JOLIET_PATHS_BIG : PRIMARY_PATHS_BIG);
    image.putInt(0);
    record(image, joliet ? JOLIET_ROOT : PRIMARY_ROOT, SECTOR, FOLDER_FLAG, new byte[] {0});
    for (int field : new int[] {190, 318, 446, 574}) {
      put(image, base + field, "", 128, names);
    }
    for (int field : new int[] {702, 739, 776}) {
      put(image, base + field, "", 37, names);
    }
    for (int field : new int[] {813, 830, 847, 864}) {
      // No time is given (ECMA-119, 8.4.26.1).
      image.position(base + field).put(ascii("0".repeat(16))).put((byte) 0);
    }
    image.put(base + 881, (byte) 1);
  }

  /** The two path tables, which name the root only (ECMA-119, 9.4). */
  private static void paths(ByteBuffer image, int at, int root) {
    image.position(at * SECTOR).put((byte) 1).put((byte) 0).putInt(root).putShort((short) 1);
    image.position((at + 1) * SECTOR).put((byte) 1).put((byte) 0);
    big(image, root);
    image.put((byte) 0).put((byte) 1);
  }

  private static void folder(ByteBuffer image, int at, Map<String, byte[]> files, boolean joliet) {
    image.position(at * SECTOR);
    record(image, at, SECTOR, FOLDER_FLAG, new byte[] {0});
    record(image, at, SECTOR, FOLDER_FLAG, new byte[] {1});
    int sector = FIRST_FILE;
    for (Map.Entry<String, byte[]> file : files.entrySet()) {
      byte[] name =
          joliet
              ? file.getKey().getBytes(UCS2)
              : ascii(file.getKey().toUpperCase(Locale.ROOT).replace('-', '_') + ".;1");
      record(image, sector, file.getValue().length, 0, name);
      sector += sectors(file.getValue().length);
    }
  }

  /** A directory record (ECMA-119, 9.1). */
  private static void record(ByteBuffer image, int sector, int length, int flags, byte[] name) {
    int size = RECORD + name.length + (name.length + 1) % 2;
    int start = image.position();
    image.put((byte) size).put((byte) 0);
    both(image, sector);
    both(image, length);
    // Years since 1900, month, day: the first that the format knows.
    image.put(new byte[] {70, 1, 1, 0, 0, 0, 0});
    image.put((byte) flags).put((byte) 0).put((byte) 0);
    both16(image, 1);
    image.put((byte) name.length).put(name);
    image.position(start + size);
  }

  private static void put(ByteBuffer image, int at, String text, int length, Charset names) {
    byte[] field = new byte[length];
    byte[] space = " ".getBytes(names);
    for (int i = 0; i + space.length <= length; i += space.length) {
      System.arraycopy(space, 0, field, i, space.length);
    }
    byte[] bytes = text.getBytes(names);
    System.arraycopy(bytes, 0, field, 0, Math.min(bytes.length, length));
    image.position(at).put(field);
  }

  /** A number in both byte orders (ECMA-119, 7.3.3). */
  private static void both(ByteBuffer image, int value) {
    image.putInt(value);
    big(image, value);
  }

  private static void both16(ByteBuffer image, int value) {
    image.putShort((short) value).putShort(Short.reverseBytes((short) value));
  }

  private static void big(ByteBuffer image, int value) {
    image.putInt(Integer.reverseBytes(value));
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
