package org.vivarium.app.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vivarium.app.bench.BenchException;
import org.vivarium.app.bench.HostDescription;
import org.vivarium.app.lab.Report.Series;
import org.xml.sax.InputSource;

class ReportFormsTest {
  private static final String HOSTILE = "<script>alert('x')</script>&\"";

  private static Report report(double machine, boolean comparable) {
    Report bare =
        new Report(
            "2026-01-01T00:00:00Z",
            new HostDescription("real hardware", "A processor", 2, "6.1", "Java", "QEMU", "never"),
            "host-boot",
            List.of("The page cache is warm."),
            new Report.Subject(HOSTILE, "0123456789abcdef", List.of("sh", HOSTILE), "6.1", 1, 256),
            3,
            List.of(Rows.START, Work.PROCESSOR.getFirst().row()),
            List.of(
                new Series(
                    "start.first", Side.CONTAINER, List.of(40.0, 50.0, 60.0), true, "a", "b"),
                new Series(
                    "start.first",
                    Side.MACHINE,
                    List.of(machine, machine),
                    comparable,
                    HOSTILE,
                    "c"),
                new Series("cpu.integer", Side.CONTAINER, List.of(100.0, 100.0), true, "", "d"),
                new Series(
                    "cpu.integer", Side.MACHINE, List.of(120.0, 120.0), comparable, "", "e")),
            List.of(
                new Report.Timeline(
                    Side.MACHINE, List.of(new Report.Stage("kernel", 7)), comparable)),
            List.of(
                new Report.Finding(
                    "boot",
                    "Is it the host's boot?",
                    Map.of(Side.CONTAINER, "host-boot", Side.MACHINE, "another"),
                    "A meaning.")),
            List.of(),
            List.of("A note."),
            "./vivarium compare");
    return bare.judged(Claims.judge(bare));
  }

  private static String sentence(Report report, String row) {
    return report.verdicts().stream()
        .filter(verdict -> verdict.row().equals(row))
        .findFirst()
        .orElseThrow()
        .sentence();
  }

  @Test
  void theVerdictsFollowTheFigures() {
    assertEquals(
        "Here, for this image: the machine 900 ms (less than quoted); the container 50.0 ms"
            + " (as quoted). Of the machine's time, 100 % went into one stage: kernel.",
        sentence(report(900, true), "start.first"));
    assertTrue(
        sentence(report(31_000, true), "start.first").contains("the machine 31.0 s (as quoted)"));
    assertEquals(
        "Here the machine takes 1.20 times as long as the container: as quoted or worse.",
        sentence(report(900, true), "cpu.integer"));
    assertEquals(
        "The container ran on the host's own running kernel, the machine on a kernel of its own.",
        sentence(report(900, true), "boot"));
  }

  @Test
  void oneRoundSettlesNothing() {
    Report report = report(900, true);
    List<Series> single =
        report.series().stream()
            .map(
                one ->
                    new Series(
                        one.row(), one.side(), List.of(one.values().getFirst()), true, "", ""))
            .toList();

    List<Report.Verdict> verdicts =
        Claims.judge(
            new Report(
                report.date(),
                report.host(),
                report.hostBoot(),
                report.conditions(),
                report.subject(),
                1,
                report.rows(),
                single,
                report.timelines(),
                report.findings(),
                List.of(),
                report.notes(),
                report.command()));

    assertTrue(
        verdicts.stream()
            .anyMatch(one -> one.sentence().endsWith("one round, which settles nothing.")));
  }

  @Test
  void softwareEmulationIsNeverJudged() {
    Report report = report(900, false);

    assertTrue(sentence(report, "start.first").contains("software emulation"));
    assertTrue(sentence(report, "cpu.integer").contains("says nothing about the claim"));
    assertTrue(HtmlReport.write(report).contains("Machine (Vivarium) *"));
    assertTrue(MarkdownReport.write(report).contains("software emulation: not comparable"));
  }

  @Test
  void thePageIsCompleteWithoutAScript() throws Exception {
    String page = HtmlReport.write(report(900, true));

    assertFalse(page.contains("<script"), "hostile names are text");
    assertFalse(page.contains("http://") && !page.contains("http://www.w3.org/2000/svg"));
    assertTrue(page.contains("A note."));
    assertTrue(page.contains("<td>host-boot, the host&#39;s own</td>"));
    assertTrue(page.contains("<td>another</td>"));
    assertTrue(page.contains("prefers-color-scheme"));
    Matcher charts = Pattern.compile("<svg.*?</svg>", Pattern.DOTALL).matcher(page);
    int found = 0;
    while (charts.find()) {
      DocumentBuilderFactory.newInstance()
          .newDocumentBuilder()
          .parse(new InputSource(new StringReader(charts.group())));
      found++;
    }
    assertEquals(3, found, "two quantities and the timeline");
  }

  @Test
  void jsonIsReadAgainAndWhatIsNoReportIsSaidSo(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("report.json");
    Report report = report(900, true);
    Files.writeString(file, JsonReport.write(report));

    assertEquals(report, JsonReport.read(file));

    Files.writeString(file, "{\n\"rows\": 1}");
    BenchException refused = assertThrows(BenchException.class, () -> JsonReport.read(file));
    assertEquals(
        "The file %s is no report of a comparison (its line 2).".formatted(file),
        refused.getMessage());
  }

  @Test
  void aChangeBeyondTheSpreadIsToldApart() {
    Changes changes = Changes.between(report(900, true), report(450, true));

    assertEquals(List.of(), changes.reservations());
    assertEquals(
        List.of("within the spread", "apart: 0.50 times", "within the spread"),
        changes.changes().stream().limit(3).map(Changes.Change::verdict).toList());
    assertEquals(
        "the same", new Changes.Change(Rows.START, Side.MACHINE, 2, 2, false, false).verdict());
    assertEquals(
        "one value each, and so no spread to judge by",
        new Changes.Change(Rows.START, Side.MACHINE, 1, 2, true, false).verdict());
    assertTrue(
        HtmlReport.write(report(450, true), Optional.of(changes)).contains("apart: 0.50 times"));
  }

  @Test
  void whatIsNotComparableIsNotSetBeside() {
    Changes changes = Changes.between(report(900, false), report(900, true));

    assertTrue(changes.changes().stream().noneMatch(one -> one.side() == Side.MACHINE));
  }

  @Test
  void csvQuotesWhatAReportHolds() {
    List<String> lines = CsvReport.write(report(900, true)).lines().toList();

    assertEquals("measure,quantity,title,unit,side,round,value,comparable,command", lines.get(0));
    assertEquals("start,start.first,First output,ms,container,2,50.000000,true,b", lines.get(2));
    assertEquals(10, lines.size());
  }

  @Test
  void jsonHoldsEveryValue() throws Exception {
    JsonNode tree = new ObjectMapper().readTree(JsonReport.write(report(900, true)));

    JsonNode first = tree.path("series").get(0);
    assertEquals("CONTAINER", first.path("side").asText());
    assertEquals("[40.0,50.0,60.0]", first.path("values").toString());
    assertEquals("A note.", tree.path("notes").get(0).asText());
  }
}
