package org.vivarium.images.tiny;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;

/**
 * The program "stage" of Tiny Linux, as a statically linked ELF file of 248 bytes. Its source, with
 * what it does and why, is the resource stage.s.
 */
final class Stage {
  private static final String CODE =
      "4889e348833b027c6ebfe9000000be01000000ba01000000b8ad0000000f"
          + "0585c07508488b73108a06e6e96a006a006a006a00bd0200000089ef4889"
          + "e631d241ba08000000b80d0000000f05ffc583fd0374e5488b034883f803"
          + "7c1b488b7b18488d7318488d54c310b83b0000000f05bf7f000000eb0231"
          + "ffb83c0000000f05";

  private static final int HEADER_SIZE = 64;
  private static final int PROGRAM_HEADER_SIZE = 56;
  private static final long LOAD_ADDRESS = 0x400000;

  private Stage() {}

  /** The machine code, position-independent. */
  static byte[] code() {
    return HexFormat.of().parseHex(CODE);
  }

  /** The ELF file: one header, one segment that holds everything (ELF-64 object file format). */
  static byte[] elf() {
    byte[] code = code();
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
