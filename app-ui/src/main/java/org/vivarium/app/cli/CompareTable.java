package org.vivarium.app.cli;

import java.io.PrintStream;
import java.util.List;
import org.vivarium.app.lab.Changes;
import org.vivarium.app.lab.Measure;
import org.vivarium.app.lab.Report;
import org.vivarium.app.lab.Side;

/** Prints a report's medians and verdicts for the terminal. */
final class CompareTable {
  private static final int WIDTH = 100;

  private final PrintStream out;

  CompareTable(PrintStream out) {
    this.out = out;
  }

  void print(Changes changes) {
    out.println();
    out.println("Against the comparison of " + changes.before());
    changes.reservations().forEach(out::println);
    for (Changes.Change change : changes.changes()) {
      String unit = change.row().unit();
      out.printf(
          "  %-28s %-24s %12s %12s  %s%n",
          change.row().title(),
          change.side().title(),
          Report.figure(change.before(), unit),
          Report.figure(change.now(), unit),
          change.verdict());
    }
  }

  void print(Report report) {
    List<Side> sides =
        List.of(Side.values()).stream()
            .filter(side -> report.series().stream().anyMatch(one -> one.side() == side))
            .toList();
    for (Measure measure : Measure.values()) {
      List<Report.Row> rows = report.rows(measure);
      if (rows.isEmpty()) {
        continue;
      }
      out.println();
      out.printf("%-34s", measure.title());
      sides.forEach(side -> out.printf(" %24s", side.title()));
      out.println();
      for (Report.Row row : rows) {
        out.printf("  %-32s", row.title());
        for (Side side : sides) {
          String cell =
              report
                  .series(row.id(), side)
                  .map(
                      one ->
                          Report.figure(one.samples().median(), row.unit())
                              + (one.comparable() ? "" : " *"))
                  .orElse("");
          out.printf(" %24s", cell);
        }
        out.println();
      }
    }
    if (report.series().stream().anyMatch(one -> !one.comparable())) {
      out.println("  * in software emulation: not comparable");
    }
    for (Report.Finding finding : report.findings()) {
      out.println();
      out.println(finding.question());
      for (Side side : Side.values()) {
        if (finding.answers().containsKey(side)) {
          out.printf("  %-26s %s%n", side.title(), finding.answers().get(side));
        }
      }
    }
    for (Report.Verdict verdict : report.verdicts()) {
      out.println();
      String about =
          report.rows().stream()
              .filter(row -> row.id().equals(verdict.row()))
              .findFirst()
              .map(row -> row.measure().title() + ", " + row.title())
              .orElse(Measure.ISOLATION.title());
      TextWrap.lines(about + ". Quoted: " + verdict.quote() + " " + verdict.sentence(), WIDTH)
          .forEach(out::println);
    }
  }
}
