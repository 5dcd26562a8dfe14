package org.vivarium.app.doctor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class ReportPrinterTest {
  private static final Report REPORT =
      new Report(
          new EngineForecast("qemu", "there is no /dev/kvm"),
          List.of(
              Finding.ok("One", "Alpha", "is there"),
              Finding.note("One", "Beta", "is \"odd\"", "Mend it."),
              Finding.missing("Two", "Gamma", "is gone", "Bring it.")));

  private static String printed(Charset charset, Consumer<PrintStream> printer) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (PrintStream out = new PrintStream(bytes, true, charset)) {
      printer.accept(out);
    }
    return bytes.toString(charset);
  }

  @Test
  void textAlignsFindingsUnderTheirSections() {
    String text = printed(StandardCharsets.UTF_8, out -> ReportPrinter.text(REPORT, out));

    assertEquals(
        """
        One
          ✓ ok       Alpha           is there
          ! note     Beta            is "odd"
                                     → Mend it.

        Two
          ✗ missing  Gamma           is gone
                                     → Bring it.

        Machines cannot run here yet: see what is marked missing.
        """,
        text);
  }

  @Test
  void textHasNoSymbolsThatTheTerminalCannotShow() {
    String text = printed(StandardCharsets.US_ASCII, out -> ReportPrinter.text(REPORT, out));

    assertTrue(text.contains("  + ok       Alpha"));
    assertTrue(text.contains("  x missing  Gamma"));
    assertTrue(text.contains("-> Mend it."));
  }

  @Test
  void verdictNamesTheEngineOnAUsableComputer() {
    Report report = Report.of(FakeHost.complete(), "25", "/data");

    String text = printed(StandardCharsets.UTF_8, out -> ReportPrinter.text(report, out));

    assertTrue(
        text.endsWith(
            "Machines run here with the engine kvm: the processor virtualizes in hardware.\n"));
  }

  @Test
  void jsonHoldsEveryFinding() throws Exception {
    String text = printed(StandardCharsets.UTF_8, out -> ReportPrinter.json(REPORT, out));

    JsonNode root = new ObjectMapper().readTree(text);
    assertEquals(false, root.get("usable").booleanValue());
    assertEquals("qemu", root.get("engine").get("name").textValue());
    assertEquals(3, root.get("findings").size());
    JsonNode beta = root.get("findings").get(1);
    assertEquals("note", beta.get("level").textValue());
    assertEquals("is \"odd\"", beta.get("text").textValue());
    assertEquals("Mend it.", beta.get("remedy").textValue());
  }
}
