package org.vivarium.images.tiny;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Makes statically linked programs for Linux from position-independent machine code (ELF-64). */
final class StaticElf {
  private static final int HEADER_SIZE = 64;
  private static final int PROGRAM_HEADER_SIZE = 56;
  private static final long LOAD_ADDRESS = 0x400000;

  private StaticElf() {}

  /** Returns the file: one header, one segment that holds everything. */
  static byte[] of(byte[] code) {
    int start = HEADER_SIZE + PROGRAM_HEADER_SIZE;
    long size = start + (long) code.length;
    ByteBuffer elf = ByteBuffer.allocate(start + code.length).order(ByteOrder.LITTLE_ENDIAN);
    // e_ident: magic, 64 bits, little-endian, version 1, System V.
    elf.put(new byte[] {0x7f, 'E', 'L', 'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0});
    elf.putShort((short) 2).putShort((short) 62).putInt(1); // ET_EXEC, EM_X86_64, version
    elf.putLong(LOAD_ADDRESS + start).putLong(HEADER_SIZE).putLong(0).putInt(0);
    elf.putShort((short) HEADER_SIZE).putShort((short) PROGRAM_HEADER_SIZE).putShort((short) 1);
    elf.putShort((short) 64).putShort((short) 0).putShort((short) 0);
    elf.putInt(1).putInt(5); // PT_LOAD, readable and executable
    elf.putLong(0).putLong(LOAD_ADDRESS).putLong(LOAD_ADDRESS).putLong(size).putLong(size);
    elf.putLong(0x1000);
    return elf.put(code).array();
  }
}
