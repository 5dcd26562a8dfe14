package org.vivarium.images.tiny;

import java.util.HexFormat;

/**
 * The program "enter" of Tiny Linux, which starts a process of a container image: in another root,
 * with another user. Its source, with what it does, is the resource enter.s.
 */
final class Enter {
  private static final String CODE =
      "4889e348833b070f8c98000000488b7b10b8a10000000f0585c00f858500"
          + "0000488b7b18b8500000000f0585c07576488b73284881ec0001000031ed"
          + "e8700000008904acffc583fd40740580fa2c74ec89ef4889e6b874000000"
          + "0f0585c075458b3c24b86a0000000f0585c07537488b7320e83a00000089"
          + "c7b8690000000f0585c07521488b7b30488d7338488b03488d54c310b83b"
          + "0000000f05bf7f00000083f8fe7405bf7e000000b83c0000000f0531c00f"
          + "b61648ffc68d4ad083f90977076bc00a01c8ebebc3";

  private Enter() {}

  /** The machine code, position-independent. */
  static byte[] code() {
    return HexFormat.of().parseHex(CODE);
  }

  /** The program as a file. */
  static byte[] elf() {
    return StaticElf.of(code());
  }
}
