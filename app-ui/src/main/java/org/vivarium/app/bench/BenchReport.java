package org.vivarium.app.bench;

import java.io.PrintStream;
import java.util.Locale;
import java.util.Map;

/** Tells a result to people. */
public final class BenchReport {
  private static final double MIB = 1024;

  private static final String TIMES_ROW = "  %-24s %9.1f %9.1f %9.1f  %8s%n";

  private final PrintStream out;

  /**
   * @param out where the report goes
   */
  public BenchReport(PrintStream out) {
    this.out = out;
  }

  /** Prints all that was measured. */
  public void print(BenchResult result) {
    host(result);
    if (!result.times().isEmpty()) {
      times(result);
    }
    if (!result.exits().isEmpty()) {
      exits(result);
    }
    result.memory().ifPresent(this::memory);
    result.exitCost().ifPresent(this::exitCost);
    result.idle().ifPresent(this::idle);
  }

  private void idle(IdleMachines.Result idle) {
    IdleMachines.Side ours = idle.vivarium();
    IdleMachines.Side qemus = idle.qemu();
    print("");
    out.printf("%-26s %10s %10s%n", idle.machines() + " machines, each (MiB)", "vivarium", "QEMU");
    row("process: PSS", ours.own().pss(), qemus.own().pss());
    row("process: private dirty", ours.own().privateDirty(), qemus.own().privateDirty());
    row("guest RAM: RSS", ours.guest().rss(), qemus.guest().rss());
    numbers("processor, percent", ours.processor(), qemus.processor());
    numbers("all at prompt, s", ours.prompts(), qemus.prompts());
  }

  private void numbers(String what, double ours, double qemus) {
    out.printf(Locale.ROOT, "  %-24s %10.2f %10.2f%n", what, ours, qemus);
  }

  private void host(BenchResult result) {
    HostDescription host = result.host();
    Workload workload = result.plan().workload();
    print("Host       %s", host.kind());
    print("Processor  %s, %d in use", host.processor(), host.processors());
    print("Kernel     %s; huge pages %s (anonymous, shared)", host.kernel(), host.hugePages());
    print("Java       %s", host.java());
    print("QEMU       %s, -M %s", host.qemu(), QemuMicrovm.MACHINE);
    print("Guest      1 processor, %d MiB, %s", workload.memoryMib(), workload.kernel());
    print("           %s", workload.commandLine());
  }

  private void times(BenchResult result) {
    Map<Quantity, Samples> times = result.times();
    String span = "";
    for (Map.Entry<Quantity, Samples> entry : times.entrySet()) {
      Quantity quantity = entry.getKey();
      if (!quantity.span().equals(span)) {
        span = quantity.span();
        print("");
        out.printf(
            "%-26s %9s %9s %9s  %8s%n",
            capitalised(span) + ", ms",
            "min",
            "median",
            "max",
            quantity.yardstick() == Quantity.RUN_PODMAN ? "/ podman" : "/ QEMU");
      }
      Samples samples = entry.getValue();
      Samples yardstick = times.get(quantity.yardstick());
      String ratio =
          yardstick == null || quantity == quantity.yardstick()
              ? ""
              : "%.3f".formatted(samples.over(yardstick).median());
      out.printf(
          Locale.ROOT,
          TIMES_ROW,
          quantity.side(),
          samples.min(),
          samples.median(),
          samples.max(),
          ratio);
    }
    print("  (the last column: the median of the quotients of each round)");
    result
        .ready()
        .ifPresent(
            ready ->
                print(
                    "  (the process that is ready, while it waits: PSS %.1f MiB, private dirty"
                        + " %.1f MiB)",
                    ready.pss() / MIB, ready.privateDirty() / MIB));
  }

  private void exits(BenchResult result) {
    print("");
    out.printf(
        "%-26s %10s %10s %10s%n", "KVM's counters at /init", "vivarium", "QEMU", "difference");
    result
        .exitMedians()
        .forEach(
            (name, pair) ->
                out.printf(
                    Locale.ROOT,
                    "  %-24s %,10.0f %,10.0f %+,10.0f%n",
                    name,
                    pair.vivarium(),
                    pair.qemu(),
                    pair.vivarium() - pair.qemu()));
    print("  (medians of %d rounds; \"exits\" is the sum of all exits)", result.exits().size());
  }

  private void memory(BenchResult.Pair<ProcessMemory> memory) {
    print("");
    out.printf("%-26s %10s %10s%n", "Idle at the prompt, MiB", "vivarium", "QEMU");
    ProcessMemory ours = memory.vivarium();
    ProcessMemory qemus = memory.qemu();
    row("process: PSS", ours.own().pss(), qemus.own().pss());
    row("process: private dirty", ours.own().privateDirty(), qemus.own().privateDirty());
    row("process: RSS", ours.own().rss(), qemus.own().rss());
    row("guest RAM: RSS", ours.guest().rss(), qemus.guest().rss());
    row("  of it in huge pages", ours.guest().hugePages(), qemus.guest().hugePages());
  }

  private void row(String what, long ours, long qemus) {
    out.printf(Locale.ROOT, "  %-24s %10.1f %10.1f%n", what, ours / MIB, qemus / MIB);
  }

  private void exitCost(ExitCost.Result cost) {
    print("");
    print("Empty port-I/O exit, processor time");
    out.printf(Locale.ROOT, "  %-24s %,10.0f ns (median)%n", "vivarium", cost.java().median());
    cost.c()
        .ifPresentOrElse(
            c ->
                out.printf(
                    Locale.ROOT,
                    "  %-24s %,10.0f ns, quotient of each round: median %.3f, %.3f to %.3f%n",
                    "loop in C",
                    c.median(),
                    cost.java().over(c).median(),
                    cost.java().over(c).min(),
                    cost.java().over(c).max()),
            () -> print("  There is no C compiler here (cc) to compare with."));
    out.printf(Locale.ROOT, "  %-24s %10.3f bytes an exit%n", "allocated", cost.allocatedBytes());
  }

  private void print(String format, Object... arguments) {
    out.printf(Locale.ROOT, format + "%n", arguments);
  }

  private static String capitalised(String text) {
    return text.substring(0, 1).toUpperCase(Locale.ROOT) + text.substring(1);
  }
}
