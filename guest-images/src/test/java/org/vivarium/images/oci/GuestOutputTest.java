package org.vivarium.images.oci;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GuestOutputTest {
  private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
  private final GuestOutput output = new GuestOutput(printed::write);

  private void write(String text, int piece) {
    byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
    for (int i = 0; i < bytes.length; i += piece) {
      output.write(bytes, i, Math.min(piece, bytes.length - i));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 7, 1000})
  void theStatusIsTakenOutWhateverThePieces(int piece) {
    write("some text\n\u001evivarium: exit 42\n[ 1.0] reboot: Power down\r\n", piece);

    assertEquals(OptionalInt.of(42), output.end());
    assertEquals("some text\n", printed.toString(StandardCharsets.ISO_8859_1));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 5, 1000})
  void whatOnlyLooksLikeAStatusIsPrinted(int piece) {
    String text = "\u001e\u001evivarium: exit many\n\u001evivarium: exit 1\n\u001evivari";

    write(text, piece);

    assertEquals(OptionalInt.empty(), output.end());
    assertEquals(text, printed.toString(StandardCharsets.ISO_8859_1));
  }

  @Test
  void theLastStatusCounts() {
    write("\u001evivarium: exit 0\nmore\u001evivarium: exit 7\r\n", 4);

    assertEquals(OptionalInt.of(7), output.end());
    assertEquals("\u001evivarium: exit 0\nmore", printed.toString(StandardCharsets.ISO_8859_1));
  }

  @Test
  void littleIsHeldBack() {
    write("\u001evivarium: exit 0\n" + "x".repeat(5000), 1000);

    assertEquals(OptionalInt.empty(), output.end());
    assertEquals(5018, printed.size());
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 10, 1000})
  void aStatusWithATokenIsToBeConfirmed(int piece) {
    String token = "0b6c1a2e-7a53-4f0c-9c0e-2f5d3b1a4c6d";
    write("\u001evivarium: exit 1\nmore", piece);
    Optional<String> before = output.confirmation();

    write("\u001evivarium: exit 3 " + token + "\n", piece);

    assertEquals(Optional.empty(), before);
    assertEquals(Optional.of(token + "\n"), output.confirmation());
    assertEquals(OptionalInt.of(3), output.end());
    assertEquals("\u001evivarium: exit 1\nmore", printed.toString(StandardCharsets.ISO_8859_1));
  }

  @Test
  void whatOnlyLooksLikeATokenIsPrinted() {
    write("\u001evivarium: exit 3 0b6c\n", 4);

    assertEquals(Optional.empty(), output.confirmation());
    assertEquals(OptionalInt.empty(), output.end());
    assertEquals("\u001evivarium: exit 3 0b6c\n", printed.toString(StandardCharsets.ISO_8859_1));
  }
}
