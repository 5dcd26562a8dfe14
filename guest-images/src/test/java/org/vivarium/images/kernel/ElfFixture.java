package org.vivarium.images.kernel;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Makes kernel modules: ELF files with nothing but a section .modinfo. */
public final class ElfFixture {
  private ElfFixture() {}

  /** A module with these .modinfo entries, as "depends=a,b" and "alias=pci:*". */
  public static byte[] module(String... modinfo) {
    byte[] info = (String.join("\0", modinfo) + "\0").getBytes(StandardCharsets.ISO_8859_1);
    byte[] names = "\0.modinfo\0.shstrtab\0".getBytes(StandardCharsets.ISO_8859_1);
    int headers = 64 + info.length + names.length;
    ByteBuffer elf = ByteBuffer.allocate(headers + 3 * 64).order(ByteOrder.LITTLE_ENDIAN);
    elf.put(new byte[] {0x7f, 'E', 'L', 'F', 2, 1, 1}).position(16);
    elf.putShort((short) 1).putShort((short) 62).putInt(1).putLong(0).putLong(0);
    elf.putLong(headers).putInt(0).putShort((short) 64).putShort((short) 0).putShort((short) 0);
    elf.putShort((short) 64).putShort((short) 3).putShort((short) 2);
    elf.put(info).put(names).position(headers + 64);
    elf.putInt(1).putInt(1).putLong(2).putLong(0).putLong(64).putLong(info.length);
    elf.position(headers + 128);
    elf.putInt(10).putInt(3).putLong(0).putLong(0).putLong(64L + info.length).putLong(names.length);
    return elf.array();
  }
}
