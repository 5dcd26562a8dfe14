package org.vivarium.images.boot;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32;

/** A disk with a GPT, made by hand. */
final class GptFixture {
  private static final int ENTRIES = 128;

  private GptFixture() {}

  /** A partition: where its entry stands in the table, from 0, and its first and last sector. */
  record Part(int number, long first, long last) {}

  static ByteBuffer disk(int sectors, long first, long last) {
    return disk(sectors, new Part(3, first, last));
  }

  static ByteBuffer disk(int sectors, Part... parts) {
    ByteBuffer disk = ByteBuffer.allocate(sectors * 512).order(ByteOrder.LITTLE_ENDIAN);
    disk.put(446 + 4, (byte) 0xEE).putInt(446 + 8, 1).putInt(446 + 12, sectors - 1);
    disk.putShort(510, (short) 0xAA55);
    for (Part part : parts) {
      int entry = 2 * 512 + part.number * 128;
      disk.putLong(entry, 0x0FC63DAF).putLong(entry + 8, 1).putLong(entry + 16, 7);
      disk.putLong(entry + 32, part.first).putLong(entry + 40, part.last);
    }
    disk.putLong(512, 0x5452415020494645L).putInt(512 + 8, 0x10000).putInt(512 + 12, 92);
    disk.putLong(512 + 24, 1).putLong(512 + 72, 2);
    disk.putInt(512 + 80, ENTRIES).putInt(512 + 84, 128);
    disk.putInt(512 + 88, crc(disk, 2 * 512, ENTRIES * 128));
    disk.putInt(512 + 16, crc(disk, 512, 92));
    return disk;
  }

  private static int crc(ByteBuffer disk, int at, int length) {
    CRC32 crc = new CRC32();
    crc.update(disk.array(), at, length);
    return (int) crc.getValue();
  }
}
