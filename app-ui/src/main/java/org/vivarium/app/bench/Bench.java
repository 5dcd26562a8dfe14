package org.vivarium.app.bench;

import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.vivarium.app.doctor.Host;
import org.vivarium.vmm.VmmException;

/**
 * Measures our machine beside QEMU's microvm, with the same kernel, initial RAM disk, command line
 * and memory, in rounds that boot each side once in alternating order.
 */
public final class Bench {
  /** What can be measured. */
  public enum Part {
    /** How long a boot takes. */
    TIMES,
    /** How often the guest is left before its init runs. */
    EXITS,
    /** What a machine at its prompt costs the host. */
    MEMORY,
    /** What an empty exit costs. */
    EXIT_COST,
    /** How long {@code start} takes, with a process that was ready and without. */
    START,
    /** What many machines that do nothing cost. */
    IDLE,
    /** How long one process of an image takes, from start to end. */
    RUN
  }

  /**
   * What to measure.
   *
   * @param runs rounds, after one that is not counted
   * @param machines how many machines do nothing on each side
   * @param atOnce how many of them start at once
   * @param layout the image of {@link Part#RUN} as an OCI layout, where that is measured
   */
  public record Plan(
      Workload workload,
      int runs,
      Set<Part> parts,
      int machines,
      int atOnce,
      Optional<Path> layout) {
    /** Copies the set. */
    public Plan {
      parts = Set.copyOf(parts);
    }
  }

  /** Rounds of counting: counts vary little. */
  private static final int COUNT_ROUNDS = 3;

  private static final int EXIT_ROUNDS = 15;
  private static final int EXITS = 20_000;

  /** A machine at its prompt still starts services for a moment. */
  private static final long SETTLE_MILLIS = 3_000;

  private static final String QEMU = "qemu-system-x86_64";

  private final Plan plan;
  private final Host host;
  private final PrintStream progress;
  private final Children children = new Children();
  private final Vivarium ours;
  private final QemuMicrovm microvm;
  private final String qemu;

  /**
   * @param launcher the script that started this process, where it did
   * @param progress hears what is being done
   * @throws BenchException if something that it needs is missing
   */
  public Bench(Plan plan, Host host, Optional<Path> launcher, PrintStream progress)
      throws BenchException {
    this.plan = plan;
    this.host = host;
    this.progress = progress;
    this.ours = Vivarium.asStarted(children, launcher);
    this.qemu =
        host.program(QEMU)
            .orElseThrow(
                () ->
                    new BenchException(
                        "There is no "
                            + QEMU
                            + " to measure beside; install the package qemu-system-x86."));
    this.microvm = new QemuMicrovm(children, qemu);
  }

  /**
   * Measures all of the plan.
   *
   * @throws BenchException if a side does not do what it should
   */
  public BenchResult run() throws BenchException, VmmException, InterruptedException {
    BenchResult result = new BenchResult(plan, HostDescription.of(host, qemu));
    if (plan.parts().contains(Part.TIMES)) {
      times(result);
    }
    if (plan.parts().contains(Part.EXITS)) {
      for (int i = 0; i < Math.min(plan.runs(), COUNT_ROUNDS); i++) {
        progress.printf("Counting exits, round %d.%n", i + 1);
        result.exits(ours.exits(plan.workload()), microvm.exits(plan.workload()));
      }
    }
    if (plan.parts().contains(Part.MEMORY)) {
      progress.println("Looking at the memory of idle machines.");
      result.memory(
          memory(ours.atPrompt(plan.workload())), memory(microvm.atPrompt(plan.workload())));
    }
    if (plan.parts().contains(Part.EXIT_COST)) {
      progress.println("Measuring an empty exit.");
      result.exitCost(ExitCost.measure(children, host.program("cc"), EXIT_ROUNDS, EXITS));
    }
    if (plan.parts().contains(Part.START)) {
      starts(result);
    }
    if (plan.parts().contains(Part.IDLE)) {
      progress.printf("Looking at %d idle machines on each side.%n", plan.machines());
      IdleMachines idle =
          new IdleMachines(plan.workload(), plan.machines(), plan.atOnce(), progress);
      IdleMachines.Side vivarium = idle.ours();
      result.idle(new IdleMachines.Result(plan.machines(), vivarium, idle.qemus(children, qemu)));
    }
    if (plan.parts().contains(Part.RUN)) {
      runs(result);
    }
    return result;
  }

  /** Runs of one process, in alternating order. */
  private void runs(BenchResult result) throws BenchException, InterruptedException {
    Path layout =
        plan.layout().orElseThrow(() -> new BenchException("There is no image to be run."));
    try (ImageRuns runs = new ImageRuns(children, ours, layout, host.program("podman"))) {
      if (!runs.hasPodman()) {
        progress.println("There is no podman to measure beside; install the package podman.");
      }
      for (int round = 0; round <= plan.runs(); round++) {
        progress.printf("Running a process of an image, round %d of %d.%n", round, plan.runs());
        Map<Quantity, Double> values = new EnumMap<>(Quantity.class);
        if (runs.hasPodman() && round % 2 == 1) {
          values.put(Quantity.RUN_PODMAN, runs.podman());
        }
        values.put(Quantity.RUN_VIVARIUM, runs.vivarium());
        if (runs.hasPodman() && round % 2 == 0) {
          values.put(Quantity.RUN_PODMAN, runs.podman());
        }
        if (round > 0) {
          result.times(values);
        }
      }
    }
  }

  /** Starts of machines with processes of their own, in alternating order. */
  private void starts(BenchResult result)
      throws BenchException, VmmException, InterruptedException {
    try (Starts starts = new Starts(plan.workload())) {
      String name = "start";
      starts.create(name);
      for (int round = 0; round <= plan.runs(); round++) {
        progress.printf("Starting machines, round %d of %d.%n", round, plan.runs());
        Map<Quantity, Double> values = new EnumMap<>(Quantity.class);
        if (round % 2 == 1) {
          values.put(Quantity.QEMU_MADE, microvm.made(plan.workload()) / 1e6);
        }
        values.put(Quantity.START_COLD, starts.coldMillis(name));
        long pid = starts.prepare(name);
        ProcessMemory.Figures ready = ProcessMemory.ofProcess(pid);
        values.put(Quantity.START_READY, starts.readyMillis(name, pid));
        if (round % 2 == 0) {
          values.put(Quantity.QEMU_MADE, microvm.made(plan.workload()) / 1e6);
        }
        if (round > 0) {
          result.times(values);
          result.ready(ready);
        }
      }
    }
  }

  private ProcessMemory memory(Child child) throws BenchException, InterruptedException {
    try (child) {
      Thread.sleep(SETTLE_MILLIS);
      return ProcessMemory.of(child.pid(), plan.workload().memoryMib());
    }
  }

  /** Boots measured with all quantities of one round. */
  private void times(BenchResult result) throws BenchException, InterruptedException {
    for (int round = 0; round <= plan.runs(); round++) {
      boolean warmUp = round == 0;
      progress.println(
          warmUp ? "Warming up." : "Booting, round %d of %d.".formatted(round, plan.runs()));
      Map<Quantity, Double> values = new EnumMap<>(Quantity.class);
      List<Measurement> order = new ArrayList<>(measurements());
      if (round % 2 == 1) {
        order = order.reversed();
      }
      for (Measurement measurement : order) {
        measurement.into(values);
      }
      if (!warmUp) {
        result.times(values);
      }
    }
  }

  /** One boot, whose times go into a round's. */
  @FunctionalInterface
  private interface Measurement {
    void into(Map<Quantity, Double> values) throws BenchException, InterruptedException;
  }

  private List<Measurement> measurements() {
    Workload workload = plan.workload();
    List<Measurement> all = new ArrayList<>();
    all.add(
        values -> {
          Boot boot = ours.boot(workload, Vivarium.Start.JAVA);
          values.put(Quantity.VIVARIUM_PROCESS, boot.processNanos() / 1e6);
          values.put(Quantity.VIVARIUM_GUEST, boot.guestNanos() / 1e6);
        });
    all.add(
        values -> values.put(Quantity.QEMU_PROCESS, microvm.boot(workload).processNanos() / 1e6));
    all.add(values -> values.put(Quantity.QEMU_GUEST, microvm.bootMade(workload) / 1e6));
    Map<Vivarium.Start, Quantity> others =
        Map.of(
            Vivarium.Start.JAVA_WITHOUT_CACHE, Quantity.VIVARIUM_WITHOUT_CACHE,
            Vivarium.Start.LAUNCHER, Quantity.VIVARIUM_LAUNCHER);
    for (Vivarium.Start start : EnumSet.complementOf(EnumSet.of(Vivarium.Start.JAVA))) {
      Quantity quantity = others.get(start);
      if (quantity != null && ours.offers(start)) {
        all.add(values -> values.put(quantity, ours.boot(workload, start).processNanos() / 1e6));
      }
    }
    return all;
  }
}
