package org.vivarium.vmm.engine.qemu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ErrorTailTest {
  private static Optional<String> lastLine(String errors) {
    ErrorTail tail =
        new ErrorTail(new ByteArrayInputStream(errors.getBytes(StandardCharsets.UTF_8)));
    tail.run();
    return tail.lastLine();
  }

  @Test
  void lastLineIsASentenceWithoutTheProgramsName() {
    assertEquals(
        Optional.of("could not load kernel 'x'."),
        lastLine("warning\nqemu-system-x86_64: could not load kernel 'x'\n\n  \n"));
  }

  @Test
  void nothingPrintedIsNoLine() {
    assertEquals(Optional.empty(), lastLine(""));
    assertEquals(Optional.empty(), lastLine("\n \n"));
  }

  @Test
  void floodKeepsItsEnd() {
    assertEquals(Optional.of("the end."), lastLine("line\n".repeat(1_000_000) + "the end."));
  }

  @Test
  void endlessLineIsCutAndControlCharactersAreReplaced() {
    String line = lastLine("\u001b[2J" + "x".repeat(100)).orElseThrow();
    assertEquals("?[2J" + "x".repeat(100) + ".", line);
    assertEquals(301, lastLine("y".repeat(1_000_000)).orElseThrow().length());
  }
}
