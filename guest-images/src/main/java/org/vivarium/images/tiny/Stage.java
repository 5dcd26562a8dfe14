package org.vivarium.images.tiny;

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

  private Stage() {}

  /** The machine code, position-independent. */
  static byte[] code() {
    return HexFormat.of().parseHex(CODE);
  }

  /** The program as a file. */
  static byte[] elf() {
    return StaticElf.of(code());
  }
}
