package org.vivarium.app.doctor;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintStream;
import java.util.Locale;
import org.vivarium.app.cli.TextWrap;
import org.vivarium.app.doctor.Finding.Level;

/** Prints a report for people, or as JSON. */
public final class ReportPrinter {
  private static final int WIDTH = 100;
  private static final int SUBJECT_WIDTH = 16;
  private static final String INDENT = " ".repeat(SUBJECT_WIDTH + 13);

  private ReportPrinter() {}

  /** Prints one line for each finding, its remedy below it, and a verdict. */
  public static void text(Report report, PrintStream out) {
    boolean symbols = out.charset().newEncoder().canEncode("✓✗→");
    String section = "";
    for (Finding finding : report.findings()) {
      if (!finding.section().equals(section)) {
        out.println(section.isEmpty() ? finding.section() : "\n" + finding.section());
        section = finding.section();
      }
      String subject = finding.subject();
      String label = subject + " ".repeat(Math.max(1, SUBJECT_WIDTH - subject.length()));
      out.println(indented("  " + mark(finding.level(), symbols) + "  " + label, finding.text()));
      if (!finding.remedy().isEmpty()) {
        String arrow = symbols ? "→ " : "-> ";
        out.println(indented(" ".repeat(INDENT.length()), arrow + finding.remedy()));
      }
    }
    out.println();
    out.println(verdict(report));
  }

  private static String indented(String first, String text) {
    return first + String.join("\n" + INDENT, TextWrap.lines(text, WIDTH - INDENT.length()));
  }

  private static String mark(Level level, boolean symbols) {
    return switch (level) {
      case OK -> (symbols ? "✓" : "+") + " ok     ";
      case NOTE -> "! note   ";
      case MISSING -> (symbols ? "✗" : "x") + " missing";
    };
  }

  private static String verdict(Report report) {
    if (!report.isUsable()) {
      return "Machines cannot run here yet: see what is marked missing.";
    }
    return "Machines run here with the engine "
        + report.engine().engine()
        + ": "
        + report.engine().reason()
        + ".";
  }

  /** Prints the report as one JSON object. */
  public static void json(Report report, PrintStream out) {
    ObjectMapper mapper = new ObjectMapper();
    ObjectNode root = mapper.createObjectNode();
    root.put("usable", report.isUsable());
    root.putObject("engine")
        .put("name", report.engine().engine())
        .put("reason", report.engine().reason());
    ArrayNode findings = root.putArray("findings");
    for (Finding finding : report.findings()) {
      findings
          .addObject()
          .put("section", finding.section())
          .put("subject", finding.subject())
          .put("level", finding.level().name().toLowerCase(Locale.ROOT))
          .put("text", finding.text())
          .put("remedy", finding.remedy());
    }
    try {
      out.println(mapper.writerWithDefaultPrettyPrinter().writeValueAsString(root));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("A tree of strings is always JSON", e);
    }
  }
}
