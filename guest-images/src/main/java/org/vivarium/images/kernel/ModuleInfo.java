package org.vivarium.images.kernel;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * What a kernel module tells about itself in the section .modinfo of its ELF file
 * (include/linux/module.h, MODULE_INFO).
 *
 * @param depends names of the modules that it needs, in the kernel's spelling (underscores)
 * @param aliases patterns of the devices, file systems and the like that it serves
 */
record ModuleInfo(List<String> depends, List<String> aliases) {
  private static final int SECTION_HEADER_SIZE = 64;
  private static final int MAX_ENTRIES = 65_536;

  ModuleInfo {
    depends = List.copyOf(depends);
    aliases = List.copyOf(aliases);
  }

  /**
   * Reads a 64-bit little-endian ELF file.
   *
   * @throws IllegalArgumentException if it is none, is damaged, or has no .modinfo
   */
  static ModuleInfo read(byte[] elf) {
    try {
      return parse(section(ByteBuffer.wrap(elf).order(ByteOrder.LITTLE_ENDIAN)));
    } catch (BufferUnderflowException | IndexOutOfBoundsException | ArithmeticException e) {
      throw new IllegalArgumentException("a damaged ELF file", e);
    }
  }

  /** Finds .modinfo (ELF-64 object file format, sections 2 and 3). */
  private static String section(ByteBuffer elf) {
    if (elf.getInt(0) != 0x464c457f || elf.get(4) != 2 || elf.get(5) != 1) {
      throw new IllegalArgumentException("not a 64-bit little-endian ELF file");
    }
    int headers = Math.toIntExact(elf.getLong(40));
    int headerSize = Short.toUnsignedInt(elf.getShort(58));
    int count = Short.toUnsignedInt(elf.getShort(60));
    int names = Short.toUnsignedInt(elf.getShort(62));
    if (headerSize != SECTION_HEADER_SIZE || names >= count) {
      throw new IllegalArgumentException("a malformed ELF section table");
    }
    int namesAt = Math.toIntExact(elf.getLong(header(headers, names) + 24));
    for (int i = 0; i < count; i++) {
      int header = header(headers, i);
      int nameAt = Math.addExact(namesAt, elf.getInt(header));
      if (matches(elf, nameAt, ".modinfo\0")) {
        byte[] text = new byte[boundedSize(elf, header)];
        elf.get(Math.toIntExact(elf.getLong(header + 24)), text);
        return new String(text, StandardCharsets.ISO_8859_1);
      }
    }
    throw new IllegalArgumentException("an ELF file without .modinfo");
  }

  private static int header(int table, int index) {
    return Math.addExact(table, index * SECTION_HEADER_SIZE);
  }

  private static int boundedSize(ByteBuffer elf, int header) {
    long size = elf.getLong(header + 32);
    if (size < 0 || size > elf.capacity()) {
      throw new IllegalArgumentException("an ELF section beyond the end of the file");
    }
    return (int) size;
  }

  private static boolean matches(ByteBuffer elf, int at, String name) {
    for (int i = 0; i < name.length(); i++) {
      if (at < 0 || at + i >= elf.capacity() || elf.get(at + i) != name.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  private static ModuleInfo parse(String modinfo) {
    List<String> depends = new ArrayList<>();
    List<String> aliases = new ArrayList<>();
    for (String entry : modinfo.split("\0", MAX_ENTRIES)) {
      if (entry.startsWith("depends=")) {
        for (String name : entry.substring(8).split(",")) {
          if (!name.isEmpty()) {
            depends.add(KernelModules.canonical(name));
          }
        }
      } else if (entry.startsWith("alias=")) {
        aliases.add(entry.substring(6));
      }
    }
    return new ModuleInfo(depends, aliases);
  }
}
