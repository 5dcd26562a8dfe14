package org.vivarium.app.lab;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.vivarium.app.bench.Samples;
import org.vivarium.app.lab.Report.Series;
import org.vivarium.app.lab.Report.Verdict;

/** What is often quoted of machines and containers, held against what was measured. Stateless. */
final class Claims {
  /**
   * A claim about a quantity.
   *
   * @param machineOver the machine's value lies above this
   * @param containerFrom the container's value lies above this
   * @param containerTo and below this
   */
  private record Claim(
      String row, String quote, double machineOver, double containerFrom, double containerTo) {}

  private static final List<Claim> ABSOLUTE =
      List.of(
          new Claim(
              Rows.START.id(),
              "A machine needs more than 30 s to start, a container less than 1 s.",
              30_000,
              0,
              1_000),
          new Claim(
              Rows.ALLOCATED.id(),
              "A machine's image has tens of GB, a container's 200 to 300 MB.",
              10 * 1024.0,
              200,
              300),
          new Claim(
              Rows.FULL.id(),
              "Creating a machine takes more than 2 minutes, a container less than 10 s.",
              120_000,
              0,
              10_000));

  /** More than this share of the processor is said to be lost to virtualization. */
  private static final double LOSS = 1.15;

  /** This share of a container's throughput is said to be lost to NAT. */
  private static final double NAT_LOSS = 0.2;

  private Claims() {}

  /** The verdicts for what a report holds. */
  static List<Verdict> judge(Report report) {
    List<Verdict> verdicts = new ArrayList<>();
    for (Claim claim : ABSOLUTE) {
      absolute(report, claim).ifPresent(verdicts::add);
    }
    for (Work probe : Work.PROCESSOR) {
      loss(report, probe).ifPresent(verdicts::add);
    }
    nat(report).ifPresent(verdicts::add);
    density(report).ifPresent(verdicts::add);
    isolation(report).ifPresent(verdicts::add);
    return verdicts;
  }

  private static Optional<Verdict> absolute(Report report, Claim claim) {
    Optional<Series> machine = report.series(claim.row, Side.MACHINE);
    Optional<Series> container = report.series(claim.row, Side.CONTAINER);
    if (machine.isEmpty() && container.isEmpty()) {
      return Optional.empty();
    }
    String unit =
        report.rows().stream()
            .filter(r -> r.id().equals(claim.row))
            .findFirst()
            .orElseThrow()
            .unit();
    List<String> found = new ArrayList<>();
    Map<String, Double> marks = new LinkedHashMap<>();
    machine.ifPresent(
        series -> {
          double median = series.samples().median();
          marks.put("quoted for a machine", claim.machineOver);
          String relation =
              series.comparable()
                  ? relation(median, claim.machineOver, Double.MAX_VALUE)
                  : "software emulation, which says nothing about the claim";
          found.add("the machine %s (%s)".formatted(Figures.text(median, unit), relation));
        });
    container.ifPresent(
        series -> {
          double median = series.samples().median();
          marks.put("quoted for a container", claim.containerTo);
          String relation = relation(median, claim.containerFrom, claim.containerTo);
          found.add("the container %s (%s)".formatted(Figures.text(median, unit), relation));
        });
    String sentence = "Here, for this image: " + String.join("; ", found) + ".";
    if (claim.row.equals(Rows.START.id())) {
      sentence += longestStage(report);
    }
    if (unit.equals("ms")) {
      sentence += emulated(report);
    }
    return Optional.of(new Verdict(claim.row, claim.quote, marks, sentence));
  }

  private static String relation(double value, double from, double to) {
    return value < from ? "less than quoted" : value > to ? "more than quoted" : "as quoted";
  }

  /** What most of a machine's start goes into. */
  private static String longestStage(Report report) {
    return report.timelines().stream()
        .filter(timeline -> timeline.side() == Side.MACHINE && timeline.comparable())
        .findFirst()
        .flatMap(
            timeline ->
                timeline.stages().stream()
                    .max(Comparator.comparingDouble(Report.Stage::millis))
                    .map(
                        stage ->
                            " Of the machine's time, %.0f %% went into one stage: %s."
                                .formatted(
                                    100
                                        * stage.millis()
                                        / timeline.stages().stream()
                                            .mapToDouble(Report.Stage::millis)
                                            .sum(),
                                    stage.title())))
        .orElse("");
  }

  private static Optional<Verdict> loss(Report report, Work probe) {
    Optional<Series> machine = report.series(probe.id(), Side.MACHINE);
    Optional<Series> yardstick =
        report.series(probe.id(), Side.HOST).or(() -> report.series(probe.id(), Side.CONTAINER));
    if (machine.isEmpty() || yardstick.isEmpty()) {
      return Optional.empty();
    }
    double base = yardstick.get().samples().median();
    String than = yardstick.get().side() == Side.HOST ? "the host" : "the container";
    String sentence =
        machine.get().comparable()
            ? "Here the machine takes %s as long as %s%s: %s."
                .formatted(
                    times(machine.get(), yardstick.get()),
                    than,
                    isEmulated(report) ? ", on this emulated computer" : "",
                    settled(machine.get(), yardstick.get(), LOSS))
            : "Here the machine runs in software emulation, which says nothing about the claim.";
    return Optional.of(
        new Verdict(
            probe.id(),
            "More than 15 % are lost to virtualization.",
            Map.of("15 % over " + than, base * LOSS),
            sentence));
  }

  /** How many times one side's figure is another's. */
  private static String times(Series one, Series other) {
    return String.format(
        Locale.ROOT, "%.2f times", one.samples().median() / other.samples().median());
  }

  /** Whether that is over a limit: settled only if the rounds that speak most against it agree. */
  private static String settled(Series one, Series other, double limit) {
    Samples top = one.samples();
    Samples bottom = other.samples();
    if (Math.min(one.values().size(), other.values().size()) < 2) {
      return "one round, which settles nothing";
    }
    double least = top.min() / bottom.max();
    double most = top.max() / bottom.min();
    return least > limit
        ? "as quoted or worse"
        : most < limit
            ? "the claim does not hold"
            : String.format(
                Locale.ROOT, "not settled, for single rounds give %.2f to %.2f", least, most);
  }

  private static boolean isEmulated(Report report) {
    return report.host().kind().startsWith("emulated");
  }

  private static String emulated(Report report) {
    return isEmulated(report)
        ? " This computer is itself emulated, so that its times say little."
        : "";
  }

  private static Optional<Verdict> nat(Report report) {
    Optional<Series> through = report.series(Rows.FORWARDED.id(), Side.CONTAINER);
    Optional<Series> direct = report.series(Rows.DIRECT.id(), Side.CONTAINER);
    if (through.isEmpty() || direct.isEmpty()) {
      return Optional.empty();
    }
    double base = direct.get().samples().median();
    return Optional.of(
        new Verdict(
            Rows.FORWARDED.id(),
            "Container networking through NAT costs 20 %.",
            Map.of("20 % less than without NAT", base * (1 - NAT_LOSS)),
            "Here the container's throughput without NAT is %s that through it: %s.%s"
                .formatted(
                    times(direct.get(), through.get()),
                    settled(direct.get(), through.get(), 1 / (1 - NAT_LOSS)),
                    emulated(report))));
  }

  private static Optional<Verdict> density(Report report) {
    Optional<Series> fit = report.series(Rows.FIT.id(), Side.CONTAINER);
    if (fit.isEmpty()) {
      return Optional.empty();
    }
    StringBuilder sentence = new StringBuilder("Here 1 GiB of memory holds ");
    sentence.append(Figures.text(fit.get().samples().median(), "idle containers"));
    report
        .series(Rows.FIT.id(), Side.MACHINE)
        .filter(Series::comparable)
        .ifPresent(
            series ->
                sentence
                    .append(" or ")
                    .append(Figures.text(series.samples().median(), "idle machines")));
    sentence.append(" of this image, reckoned from what one more costs");
    report
        .series(Rows.MARGINAL.id(), Side.MACHINE)
        .filter(Series::comparable)
        .ifPresent(
            series ->
                sentence
                    .append("; a thousand machines would take ")
                    .append(Figures.text(series.samples().median() * 1000, "MiB")));
    sentence.append('.');
    return Optional.of(
        new Verdict(
            Rows.FIT.id(),
            "A host runs a thousand containers, but only a few machines.",
            Map.of(),
            sentence.toString()));
  }

  private static Optional<Verdict> isolation(Report report) {
    Map<Side, String> boots =
        report.findings().stream()
            .filter(finding -> finding.id().equals("boot"))
            .findFirst()
            .map(Report.Finding::answers)
            .orElse(Map.of());
    String host = report.hostBoot();
    String container = boots.getOrDefault(Side.CONTAINER, "");
    String machine = boots.getOrDefault(Side.MACHINE, "");
    if (container.isEmpty() || machine.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        new Verdict(
            "boot",
            "Containers isolate less.",
            Map.of(),
            "The container ran on %s, the machine on %s."
                .formatted(kernel(container, host), kernel(machine, host))));
  }

  private static String kernel(String boot, String host) {
    return boot.equals(host) ? "the host's own running kernel" : "a kernel of its own";
  }
}
