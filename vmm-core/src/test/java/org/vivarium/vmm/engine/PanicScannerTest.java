package org.vivarium.vmm.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class PanicScannerTest {
  private static final String PANIC =
      "tiny:~# [   12.345678] Kernel panic - not syncing: sysrq triggered crash\r\n"
          + "[   12.345999] CPU: 0 PID: 1 Comm: sh Not tainted 6.1.0\r\n"
          + "[   12.346100] Kernel Offset: disabled\r\n";
  private static final String END =
      "[   12.400000] ---[ end Kernel panic - not syncing: sysrq triggered crash ]---\r\n";

  private final PanicScanner scanner = new PanicScanner();

  private void print(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
    scanner.scan(bytes, 0, bytes.length);
  }

  @Test
  void panicIsFoundAtEverySplit() {
    byte[] bytes = (PANIC + END).getBytes(StandardCharsets.ISO_8859_1);
    for (int split = 0; split <= bytes.length; split++) {
      PanicScanner split2 = new PanicScanner();

      split2.scan(bytes, 0, split);
      split2.scan(bytes, split, bytes.length - split);

      assertTrue(split2.isLastWord(), "Split at " + split);
      assertEquals(Optional.of("sysrq triggered crash"), split2.reason());
    }
  }

  @Test
  void panicIsFoundByteByByte() {
    for (byte b : (PANIC + END).getBytes(StandardCharsets.ISO_8859_1)) {
      scanner.scan(new byte[] {b}, 0, 1);
    }

    assertTrue(scanner.isLastWord());
  }

  @Test
  void panicLineAloneIsNoLastWord() {
    print(PANIC);

    assertFalse(scanner.isLastWord());
    assertEquals(Optional.of("sysrq triggered crash"), scanner.reason());
    assertTrue(scanner.explainsReset());
  }

  @Test
  void announcedRebootIsALastWord() {
    print(PANIC + "[   12.4] Rebooting in 5 seconds..\r\n");

    assertTrue(scanner.isLastWord());
    assertTrue(scanner.explainsReset());
  }

  @Test
  void announcedRebootWithoutPanicIsNone() {
    print("Rebooting in 5 seconds..\r\n");

    assertFalse(scanner.isLastWord());
    assertFalse(scanner.explainsReset());
  }

  @Test
  void outputAfterTheLastWordDisprovesThePanic() {
    print(PANIC + END + "tiny:~# ");

    assertFalse(scanner.isLastWord());
    assertEquals(Optional.empty(), scanner.reason());
  }

  @Test
  void blankLinesAfterTheLastWordDoNot() {
    print(PANIC + END + "\r\n\r\n");

    assertTrue(scanner.isLastWord());
  }

  @Test
  void endLineWithoutPanicLineIsNone() {
    print(END);

    assertFalse(scanner.isLastWord());
  }

  @Test
  void resetAfterSomebodyTypedIsNoPanic() {
    print(PANIC);
    scanner.noteInput();

    assertFalse(scanner.explainsReset());
  }

  @Test
  void typingDoesNotHideAPanic() {
    print(PANIC);
    scanner.noteInput();
    print(END);

    assertTrue(scanner.isLastWord());
    assertTrue(scanner.explainsReset());
  }

  @Test
  void suspicionLapsesAfterALongTrace() {
    print(PANIC);
    print("line\n".repeat(PanicScanner.MAX_TRACE / 5 + 1));

    assertEquals(Optional.empty(), scanner.reason());
    assertFalse(scanner.explainsReset());
  }

  @Test
  void lineWithoutEndIsSkippedAndTheNextOneRead() {
    print("x".repeat(10 * PanicScanner.MAX_LINE) + "\n");
    print(PANIC + END);

    assertTrue(scanner.isLastWord());
  }

  @Test
  void reasonIsBoundedAndPrintable() {
    print("Kernel panic - not syncing: \u001b[31m" + "y".repeat(5000) + "\u009b\n");

    String reason = scanner.reason().orElseThrow();
    assertTrue(reason.startsWith("?[31my"));
    assertTrue(reason.length() <= PanicScanner.MAX_LINE);
    assertTrue(reason.chars().allMatch(c -> c >= ' ' && c < 0x7F));
  }

  @Test
  void forgottenPanicIsGone() {
    print(PANIC + END);
    scanner.forget();

    assertFalse(scanner.isLastWord());
    assertEquals(Optional.empty(), scanner.reason());
  }
}
