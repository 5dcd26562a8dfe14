package org.vivarium.app.lab;

import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.vivarium.app.lab.Report.Row;
import org.vivarium.app.lab.Report.Series;

/** Writes every value of a report as a line of comma-separated values (RFC 4180). */
public final class CsvReport {
  private static final List<String> HEAD =
      List.of(
          "measure",
          "quantity",
          "title",
          "unit",
          "side",
          "round",
          "value",
          "comparable",
          "command");

  private CsvReport() {}

  /** The whole text, with a line of names. */
  public static String write(Report report) {
    StringBuilder text = new StringBuilder();
    line(text, HEAD);
    for (Row row : report.rows()) {
      for (Series series : report.series(row.id())) {
        for (int i = 0; i < series.values().size(); i++) {
          line(
              text,
              List.of(
                  row.measure().id(),
                  row.id(),
                  row.title(),
                  row.unit(),
                  series.side().id(),
                  Integer.toString(i + 1),
                  String.format(Locale.ROOT, "%.6f", series.values().get(i)),
                  Boolean.toString(series.comparable()),
                  series.command()));
        }
      }
    }
    return text.toString();
  }

  private static void line(StringBuilder text, List<String> cells) {
    text.append(cells.stream().map(CsvReport::quoted).collect(Collectors.joining(",")));
    text.append("\r\n");
  }

  private static String quoted(String cell) {
    return cell.matches("[^\",\r\n]*") ? cell : "\"" + cell.replace("\"", "\"\"") + "\"";
  }
}
