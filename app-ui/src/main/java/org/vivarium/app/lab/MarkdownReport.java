package org.vivarium.app.lab;

import java.util.List;
import java.util.stream.Collectors;
import org.vivarium.app.lab.Report.Finding;
import org.vivarium.app.lab.Report.Row;
import org.vivarium.app.lab.Report.Series;

/** Writes a report as Markdown. */
public final class MarkdownReport {
  private final Report report;
  private final StringBuilder text = new StringBuilder();

  private MarkdownReport(Report report) {
    this.report = report;
  }

  /** The whole text. */
  public static String write(Report report) {
    return new MarkdownReport(report).text();
  }

  private String text() {
    Report.Subject subject = report.subject();
    paragraph("# Machine or container: " + subject.image());
    paragraph(
        "Measured %s; `%s`, %d processor(s), %d MiB; host kernel %s, guest kernel %s; %s, %s."
            .formatted(
                report.date(),
                String.join(" ", subject.words()),
                subject.cpus(),
                subject.memoryMib(),
                report.host().kernel(),
                subject.kernel(),
                report.host().processor(),
                report.host().kind()));
    report.notes().forEach(note -> paragraph("> " + note));
    if (!report.verdicts().isEmpty()) {
      table(
          List.of("Quoted", "Found"),
          report.verdicts().stream().map(one -> List.of(one.quote(), one.sentence())).toList());
    }
    for (Measure measure : Measure.values()) {
      if (!report.rows(measure).isEmpty()) {
        measure(measure);
      }
    }
    if (!report.timelines().isEmpty()) {
      timelines();
    }
    if (!report.findings().isEmpty()) {
      isolation();
    }
    paragraph("## How it was measured");
    report.conditions().forEach(sentence -> text.append("- ").append(sentence).append('\n'));
    text.append("\nAgain: `").append(report.command()).append("`\n");
    return text.toString();
  }

  private void measure(Measure measure) {
    paragraph("## " + measure.title());
    paragraph(measure.definition());
    List<List<String>> lines =
        report.rows(measure).stream()
            .flatMap(row -> report.series(row.id()).stream().map(one -> line(row, one)))
            .toList();
    table(List.of("Quantity", "Side", "median", "min", "max", "all", "command"), lines);
  }

  private static List<String> line(Row row, Series one) {
    return List.of(
        row.title(),
        one.side().title() + (one.comparable() ? "" : " (software emulation: not comparable)"),
        Figures.text(one.samples().median(), row.unit()),
        Figures.text(one.samples().min(), row.unit()),
        Figures.text(one.samples().max(), row.unit()),
        one.values().stream().map(Figures::number).collect(Collectors.joining(" ")),
        "`" + one.command() + "`");
  }

  private void timelines() {
    paragraph("## Where the time of a start goes (medians)");
    paragraph("Again: `" + report.command(Measure.START) + "`");
    table(
        List.of("Side", "Stage", "takes"),
        report.timelines().stream()
            .flatMap(
                line ->
                    line.stages().stream()
                        .map(
                            stage ->
                                List.of(
                                    line.side().title(),
                                    stage.title(),
                                    Figures.text(stage.millis(), "ms"))))
            .toList());
  }

  private void isolation() {
    paragraph("## " + Measure.ISOLATION.title());
    paragraph("Again: `" + report.command(Measure.ISOLATION) + "`");
    for (Finding finding : report.findings()) {
      String answers =
          List.of(Side.values()).stream()
              .filter(side -> finding.answers().containsKey(side))
              .map(side -> side.title() + ": **" + finding.answers().get(side) + "**")
              .collect(Collectors.joining("; "));
      text.append("- ").append(finding.question()).append(' ').append(answers).append(". ");
      text.append(finding.meaning()).append('\n');
    }
    text.append('\n');
  }

  private void table(List<String> head, List<List<String>> lines) {
    row(head);
    row(head.stream().map(_ -> "---").toList());
    lines.forEach(this::row);
    text.append('\n');
  }

  private void row(List<String> cells) {
    for (String cell : cells) {
      text.append("| ").append(cell.replace("|", "\\|").replace("\n", " ")).append(' ');
    }
    text.append("|\n");
  }

  private void paragraph(String words) {
    text.append(words).append("\n\n");
  }
}
