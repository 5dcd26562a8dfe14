package org.vivarium.app.bench.disk;

import java.io.PrintStream;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.Collectors;
import org.vivarium.app.bench.HostDescription;
import org.vivarium.app.bench.Samples;
import org.vivarium.app.bench.Side;

/** Tells what was measured of disks to people. */
final class DiskReport {
  /** System calls that are named: those with the most of them. */
  private static final int NAMED = 5;

  private final PrintStream out;

  DiskReport(PrintStream out) {
    this.out = out;
  }

  void print(DiskResult result, DiskBench.Plan plan) {
    HostDescription host = result.host();
    print("Host       %s", host.kind());
    print("Processor  %s, %d in use", host.processor(), host.processors());
    print("Kernel     %s", host.kernel());
    print("Java       %s", host.java());
    print("QEMU       %s, -M %s", host.qemu(), plan.machine());
    print("           an I/O thread");
    print("Access     %s, on both sides", result.aio());
    print(
        "Guest      1 processor, %d MiB, %s",
        plan.workload().memoryMib(), plan.workload().kernel());
    print("Disks      %d MiB each, in the host's page cache", plan.mib());
    for (Load.Format format : Load.Format.values()) {
      speed(result, format, plan);
    }
    counts(result);
    result
        .heapBytes()
        .forEach(
            (load, bytes) -> print("Heap for each request, %s: %.2f bytes", load.name(), bytes));
    result.failures().forEach(failure -> print("%s", failure));
    if (result.verified()) {
      print("");
      print(
          "fio --verify=crc32c on our disks: %s",
          result.mismatches().isEmpty()
              ? "no mismatch, raw and qcow2"
              : String.join("; ", result.mismatches()));
    }
  }

  private void speed(DiskResult result, Load.Format format, DiskBench.Plan plan) {
    print("");
    print(
        "%-28s %10s %10s %8s  (medians of %d rounds of %d requests, after %d s of their like)",
        "Disk " + format.toString().toLowerCase(Locale.ROOT),
        "vivarium",
        "QEMU",
        "/ QEMU",
        plan.rounds(),
        plan.requests(),
        2 * plan.warmSeconds());
    result
        .rows()
        .forEach(
            (load, speed) -> {
              if (load.format() == format) {
                boolean megabytes = load.access().kib() >= 1024;
                double unit = megabytes ? load.access().kib() / 1024.0 : 1;
                print(
                    "  %-26s %10s %10s %8s  %s",
                    load.access().label(),
                    text(speed.of(Side.VIVARIUM), "%,.0f", unit),
                    text(speed.of(Side.QEMU), "%,.0f", unit),
                    text(speed.ratio(), "%.2f", 1),
                    megabytes ? "MiB/s" : "IOPS");
              }
            });
  }

  private static String text(Optional<Samples> values, String format, double unit) {
    return values
        .map(samples -> String.format(Locale.ROOT, format, unit * samples.median()))
        .orElse("-");
  }

  private void counts(DiskResult result) {
    print("");
    if (result.counts().isEmpty()) {
      print("Counts need root, debugfs and tracefs: none were made.");
      return;
    }
    print("%-38s %10s %10s", "For each 4k request at depth 32", "vivarium", "QEMU");
    result
        .counts()
        .forEach(
            (load, sides) -> {
              DiskResult.Figures ours = sides.ours();
              DiskResult.Figures qemus = sides.qemus();
              print("  %s", load.name());
              row("exits of the processor", ours.exits(), qemus.exits());
              row("interrupts injected", ours.interrupts(), qemus.interrupts());
              row("system calls of the process", ours.systemCalls(), qemus.systemCalls());
              print("    vivarium: %s", names(ours.byName()));
              print("    QEMU: %s", names(qemus.byName()));
            });
  }

  private void row(String what, List<Double> ours, List<Double> qemus) {
    print("    %-34s %10s %10s", what, text(ours), text(qemus));
  }

  private static String text(List<Double> values) {
    OptionalDouble median = DiskResult.Figures.median(values);
    return median.isEmpty() ? "-" : String.format(Locale.ROOT, "%.3f", median.getAsDouble());
  }

  private static String names(Map<String, List<Double>> calls) {
    return calls.entrySet().stream()
        .sorted(
            (a, b) ->
                Double.compare(
                    DiskResult.Figures.median(b.getValue()).orElse(0),
                    DiskResult.Figures.median(a.getValue()).orElse(0)))
        .limit(NAMED)
        .map(entry -> entry.getKey().replaceFirst("^sys_", "") + " " + text(entry.getValue()))
        .collect(Collectors.joining(", "));
  }

  private void print(String format, Object... arguments) {
    out.printf(Locale.ROOT, format + "%n", arguments);
  }
}
