package org.vivarium.app.lab;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.vivarium.app.bench.Samples;
import org.vivarium.app.lab.Report.Finding;
import org.vivarium.app.lab.Report.Row;
import org.vivarium.app.lab.Report.Series;
import org.vivarium.app.lab.Report.Stage;
import org.vivarium.app.lab.Report.Timeline;
import org.vivarium.app.lab.Report.Verdict;

/** Writes a report as one HTML page, complete in itself and without a script. */
public final class HtmlReport {
  private final Report report;
  private final Optional<Changes> changes;
  private final StringBuilder page = new StringBuilder();

  private HtmlReport(Report report, Optional<Changes> changes) {
    this.report = report;
    this.changes = changes;
  }

  /** The whole page. */
  public static String write(Report report) {
    return write(report, Optional.empty());
  }

  /** The whole page, with what has changed since an earlier comparison. */
  public static String write(Report report, Optional<Changes> changes) {
    return new HtmlReport(report, changes).page();
  }

  private String page() {
    String title = "Machine or container: " + report.subject().image();
    page.append("<!DOCTYPE html>\n<html lang='en'><head><meta charset='utf-8'>\n");
    page.append("<meta name='viewport' content='width=device-width'>\n");
    element("title", title);
    page.append("<style>\n").append(style()).append("</style></head>\n<body><main>\n");
    element("h1", title);
    head();
    verdicts();
    for (Measure measure : Measure.values()) {
      if (measure != Measure.ISOLATION && !report.rows(measure).isEmpty()) {
        measure(measure);
      }
    }
    if (!report.findings().isEmpty()) {
      isolation();
    }
    changes.ifPresent(this::changes);
    method();
    return page.append("</main></body></html>\n").toString();
  }

  private static String style() {
    try (InputStream in = HtmlReport.class.getResourceAsStream("report.css")) {
      if (in == null) {
        throw new IllegalStateException("Vivarium is incomplete: its file report.css is missing.");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new IllegalStateException("Vivarium is damaged: its file report.css is unreadable.", e);
    }
  }

  private void head() {
    Report.Subject subject = report.subject();
    page.append("<p>The same process of the same image, measured in turn on one computer on ");
    // ISO 8601, in the words of people.
    page.append(Html.escaped(report.date().replace("T", ", ").replace("Z", " UTC")));
    page.append(".</p>\n<dl>\n");
    item("Workload", String.join(" ", subject.words()));
    item("Image", subject.image() + " (" + subject.id().substring(0, 12) + ")");
    item(
        "Budget",
        "%d processor%s, %d MiB"
            .formatted(subject.cpus(), subject.cpus() == 1 ? "" : "s", subject.memoryMib()));
    int processors = report.host().processors();
    item(
        "Computer",
        "%s, %d processor%s"
            .formatted(report.host().processor(), processors, processors == 1 ? "" : "s"));
    item("Kind of computer", report.host().kind());
    item("Host's kernel", report.host().kernel());
    item("Guest's kernel", subject.kernel());
    page.append("</dl>\n");
    for (String note : report.notes()) {
      page.append("<p class='note'>").append(Html.escaped(note)).append("</p>\n");
    }
  }

  private void verdicts() {
    if (report.verdicts().isEmpty()) {
      return;
    }
    element("h2", "What is often quoted, and what was found");
    page.append(
        "<table><thead><tr><th>About</th><th>Quoted</th><th>Found</th></tr></thead><tbody>\n");
    Map<String, List<Verdict>> quotes = new LinkedHashMap<>();
    for (Verdict verdict : report.verdicts()) {
      quotes.computeIfAbsent(verdict.quote(), _ -> new ArrayList<>()).add(verdict);
    }
    quotes.forEach(this::quote);
    page.append("</tbody></table>\n");
  }

  /** A claim is told once, however many quantities it is held against. */
  private void quote(String quote, List<Verdict> verdicts) {
    Optional<Row> first = about(verdicts.getFirst());
    page.append("<tr>");
    element("td", first.map(row -> row.measure().title()).orElse(Measure.ISOLATION.title()));
    element("td", quote);
    page.append("<td>");
    boolean alike = verdicts.stream().map(Verdict::sentence).distinct().count() == 1;
    for (Verdict verdict : alike ? verdicts.subList(0, 1) : verdicts) {
      page.append("<p>");
      if (!alike) {
        about(verdict).ifPresent(row -> page.append(Html.escaped(row.title())).append(". "));
      }
      page.append(Html.escaped(verdict.sentence())).append("</p>\n");
    }
    page.append("</td></tr>\n");
  }

  private Optional<Row> about(Verdict verdict) {
    return report.rows().stream().filter(row -> row.id().equals(verdict.row())).findFirst();
  }

  private void measure(Measure measure) {
    element("h2", measure.title());
    page.append("<p class='definition'>").append(Html.escaped(measure.definition()));
    page.append("</p>\n");
    for (Row row : report.rows(measure)) {
      List<Series> series = report.series(row.id());
      String what = row.explanation().isEmpty() ? "" : ": " + row.explanation();
      element("h3", row.title() + what);
      Map<String, Double> marks =
          report.verdicts().stream()
              .filter(verdict -> verdict.row().equals(row.id()))
              .findFirst()
              .map(Verdict::marks)
              .orElse(Map.of());
      page.append("<figure>").append(BarChart.bars(row, series, marks)).append("</figure>\n");
      for (Verdict verdict : report.verdicts()) {
        if (verdict.row().equals(row.id())) {
          page.append("<p class='verdict'>Quoted: ").append(Html.escaped(verdict.quote()));
          page.append(' ').append(Html.escaped(verdict.sentence())).append("</p>\n");
        }
      }
      values(row, series);
    }
    if (measure == Measure.START && !report.timelines().isEmpty()) {
      timelines();
    }
  }

  private void values(Row row, List<Series> series) {
    page.append("<details><summary>Figures and commands</summary><table><thead><tr><th>Side</th>");
    page.append(
        "<th>n</th><th>median</th><th>min</th><th>max</th><th>all</th></tr></thead><tbody>\n");
    for (Series one : series) {
      Samples samples = one.samples();
      row(
          List.of(
              one.side().title() + (one.comparable() ? "" : " *"),
              Integer.toString(one.values().size()),
              Figures.text(samples.median(), row.unit()),
              Figures.text(samples.min(), row.unit()),
              Figures.text(samples.max(), row.unit()),
              one.values().stream().map(Figures::number).collect(Collectors.joining(" "))));
    }
    page.append("</tbody></table>\n");
    for (Series one : series) {
      page.append("<p>").append(Html.escaped(one.side().title())).append(", to repeat: ");
      element("code", one.command());
      if (!one.executed().isEmpty()) {
        page.append("<br>what was run: ");
        element("code", one.executed());
      }
      page.append("</p>\n");
    }
    page.append("</details>\n");
  }

  private void repeat(Measure measure) {
    page.append("<p>To repeat: ");
    element("code", report.command(measure));
    page.append("</p>\n");
  }

  private void timelines() {
    element("h3", "Where the time of a start goes (medians)");
    page.append("<figure>").append(BarChart.timelines(report.timelines())).append("</figure>\n");
    repeat(Measure.START);
    page.append(
        "<table><thead><tr><th>Side</th><th>Stage</th><th>takes</th></tr></thead><tbody>\n");
    for (Timeline timeline : report.timelines()) {
      int number = 0;
      for (Stage stage : timeline.stages()) {
        page.append("<tr><td>").append(Html.escaped(timeline.side().title())).append("</td><td>");
        page.append("<span class='key s").append(number++ % 5).append("'></span> ");
        page.append(Html.escaped(stage.title())).append("</td><td>");
        page.append(Figures.text(stage.millis(), "ms")).append("</td></tr>\n");
      }
    }
    page.append("</tbody></table>\n");
  }

  private void isolation() {
    element("h2", Measure.ISOLATION.title());
    page.append("<p class='definition'>").append(Html.escaped(Measure.ISOLATION.definition()));
    page.append("</p>\n");
    repeat(Measure.ISOLATION);
    page.append("<table class='answers'><thead><tr><th>Question</th>");
    List<Side> sides = List.of(Side.values()).stream().filter(this::answered).toList();
    sides.forEach(side -> element("th", side.title()));
    page.append("<th>What it means</th></tr></thead><tbody>\n");
    for (Finding finding : report.findings()) {
      page.append("<tr>");
      element("td", finding.question());
      sides.forEach(side -> element("td", answer(finding, side)));
      element("td", finding.meaning());
      page.append("</tr>\n");
    }
    page.append("</tbody></table>\n");
  }

  private String answer(Finding finding, Side side) {
    String answer = finding.answers().getOrDefault(side, "");
    // Which boot is the host's is nowhere else on the page.
    return answer.equals(report.hostBoot()) ? answer + ", the host's own" : answer;
  }

  private boolean answered(Side side) {
    return report.findings().stream().anyMatch(finding -> finding.answers().containsKey(side));
  }

  private void changes(Changes found) {
    element("h2", "Against the comparison of " + found.before());
    found.reservations().forEach(sentence -> element("p", sentence));
    page.append("<table><thead><tr><th>Quantity</th><th>Side</th><th>then</th><th>now</th>");
    page.append("<th></th></tr></thead><tbody>\n");
    for (Changes.Change change : found.changes()) {
      String unit = change.row().unit();
      row(
          List.of(
              change.row().title(),
              change.side().title(),
              Figures.text(change.before(), unit),
              Figures.text(change.now(), unit),
              change.verdict()));
    }
    page.append("</tbody></table>\n");
  }

  private void method() {
    element("h2", "How it was measured");
    page.append("<p>Each measure begins with a round that is not counted, then ");
    page.append(report.runs()).append(" round").append(report.runs() == 1 ? "" : "s");
    page.append(
        report.runs() == 1
            ? " follows, in which every side is measured once."
            : " follow, in each of which every side is measured once, in alternating order.");
    page.append(" Bars are medians, dots single runs; none is dropped.");
    if (report.series().stream().anyMatch(one -> !one.comparable())) {
      page.append(" * in software emulation: not comparable.");
    }
    page.append("</p>\n<ul>\n");
    report.conditions().forEach(sentence -> element("li", sentence));
    page.append("</ul>\n<p>The whole comparison again: ");
    element("code", report.command());
    page.append("</p>\n");
  }

  private void item(String term, String description) {
    element("dt", term);
    element("dd", description);
  }

  private void row(List<String> cells) {
    page.append("<tr>");
    cells.forEach(cell -> element("td", cell));
    page.append("</tr>\n");
  }

  private void element(String name, String text) {
    page.append('<').append(name).append('>').append(Html.escaped(text));
    page.append("</").append(name).append(">\n");
  }
}
