package org.vivarium.app.lab;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.vivarium.app.bench.BenchException;
import org.vivarium.app.bench.HostDescription;
import org.vivarium.app.lab.Report.Row;
import org.vivarium.images.ImageException;
import org.vivarium.images.oci.ImageProcess;

/**
 * Measures one workload on several sides in rounds of alternating order, after one round that is
 * not counted. What fails on a side is noted, and the other sides go on. Used once; {@link #cancel}
 * may be called by any thread, and what was measured by then is in the report.
 */
public final class Comparison {
  /** No process of a comparison runs longer than this. */
  public static final Duration LONGEST = Duration.ofDays(1);

  private final Plan plan;
  private final Equipment equipment;
  private final Listener listener;
  private final Opening opening;
  private final Exec exec;
  private final Results results;
  private final AtomicBoolean cancelled = new AtomicBoolean();
  private final List<String> notes = new ArrayList<>();

  /**
   * @param listener hears on the thread that calls {@link #run}
   */
  public Comparison(Plan plan, Equipment equipment, Listener listener) {
    this(plan, equipment, listener, opening(plan, equipment));
  }

  Comparison(Plan plan, Equipment equipment, Listener listener, Opening opening) {
    this.plan = plan;
    this.equipment = equipment;
    this.listener = listener;
    this.opening = opening;
    this.exec = new Exec(equipment.children());
    this.results = new Results(plan, listener);
  }

  /** Prepares a side. */
  @FunctionalInterface
  interface Opening {
    /**
     * @param scratch for what the side needs on the way
     * @throws BenchException if this computer cannot offer it
     */
    Ground open(Side side, Scratch scratch) throws BenchException;
  }

  private static Opening opening(Plan plan, Equipment equipment) {
    Exec exec = new Exec(equipment.children());
    return (side, scratch) ->
        switch (side) {
          case HOST -> HostGround.open(equipment, scratch);
          case CONTAINER -> ContainerGround.open(equipment, exec, scratch, plan);
          case MACHINE ->
              MachineGround.ours(equipment, new MachineStorage(equipment, exec, scratch), plan);
          case NESTED ->
              NestedGround.open(
                  equipment,
                  MachineGround.ours(equipment, new MachineStorage(equipment, exec, scratch), plan),
                  exec,
                  scratch,
                  plan);
          case PODMAN, DOCKER -> EngineGround.open(equipment, exec, scratch, plan, side);
          case QEMU ->
              MachineGround.qemu(equipment, new MachineStorage(equipment, exec, scratch), plan);
        };
  }

  /** Makes {@link #run} end soon, with what has been measured. */
  public void cancel() {
    cancelled.set(true);
  }

  /**
   * Measures all of the plan.
   *
   * @throws BenchException if not even one side can be measured
   * @throws ImageException if the image has no such command
   */
  public Report run() throws BenchException, ImageException, InterruptedException {
    Instant date = Instant.now().truncatedTo(ChronoUnit.SECONDS);
    ImageProcess workload = equipment.image().process(plan.words());
    List<Ground> grounds = new ArrayList<>();
    LifeSteps life;
    ExposureSteps exposure;
    try (Scratch scratch = Scratch.make(exec)) {
      Setting setting = new Setting(plan, equipment, scratch, results, workload, this::note);
      life = new LifeSteps(setting);
      exposure = new ExposureSteps(setting);
      try {
        for (Side side : plan.sides()) {
          open(side, scratch, grounds);
        }
        if (grounds.isEmpty()) {
          throw new BenchException("Nothing can be measured here. " + String.join(" ", notes));
        }
        measure(grounds, setting, life, exposure);
      } finally {
        for (Ground ground : grounds) {
          ground.close();
        }
      }
    }
    return report(date, workload, life, exposure);
  }

  private void open(Side side, Scratch scratch, List<Ground> grounds) {
    try {
      grounds.add(opening.open(side, scratch));
    } catch (BenchException e) {
      note(e.getMessage());
    }
  }

  private void measure(
      List<Ground> grounds, Setting setting, LifeSteps life, ExposureSteps exposure)
      throws InterruptedException {
    CostSteps cost = new CostSteps(setting);
    WorkSteps work = new WorkSteps(setting, exec);
    NeighbourSteps neighbours = new NeighbourSteps(setting);
    if (plan.has(Measure.SIZE)) {
      each("Looking at what is on the disk.", grounds, cost::sizes);
    }
    if (plan.has(Measure.START) || plan.has(Measure.STOP)) {
      rounds(Measure.START, "Starting and stopping the workload", grounds, life::starts);
    }
    if (plan.has(Measure.START)) {
      rounds(Measure.START, "Looking where the time of a start goes", grounds, life::stages);
    }
    if (plan.has(Measure.CREATE)) {
      rounds(Measure.CREATE, "Making the storage of new instances", grounds, life::create);
    }
    if (plan.has(Measure.RUN)) {
      rounds(Measure.RUN, "Running /bin/true", grounds, life::wholeRun);
    }
    boolean idles = !plan.ends();
    if (!idles && (plan.has(Measure.MEMORY) || plan.has(Measure.DENSITY))) {
      note("What an idle instance costs is not measured, for the workload ends by itself.");
    }
    if (plan.has(Measure.MEMORY) && idles) {
      rounds(Measure.MEMORY, "Looking at the memory of idle instances", grounds, cost::memory);
    }
    if (plan.has(Measure.DENSITY) && idles) {
      List<Ground> able = comparable(grounds, Measure.DENSITY);
      each("Starting idle instances side by side.", able, cost::density);
    }
    if (plan.has(Measure.CPU)) {
      rounds(Measure.CPU, "Working: processor, memory, system calls", grounds, work::processor);
    }
    if (plan.has(Measure.DISK)) {
      rounds(Measure.DISK, "Reading and writing a disk", grounds, work::disk);
    }
    if (plan.has(Measure.NETWORK)) {
      rounds(Measure.NETWORK, "Speaking TCP with a workload", grounds, work::network);
    }
    if (plan.has(Measure.NEIGHBOUR)) {
      rounds(Measure.NEIGHBOUR, "Working beside busy neighbours", grounds, neighbours::neighbours);
    }
    if (plan.has(Measure.ISOLATION)) {
      each("Asking what a process can see and do.", grounds, exposure::isolation);
    }
    if (plan.has(Measure.CALLS)) {
      calls(grounds, setting, exposure);
    }
  }

  private void calls(List<Ground> grounds, Setting setting, ExposureSteps exposure)
      throws InterruptedException {
    try {
      Tracer tracer = Tracer.open(equipment, setting.scratch(), plan.patience());
      each("Counting the host's system calls.", grounds, g -> exposure.calls(g, tracer));
    } catch (BenchException e) {
      note(e.getMessage());
    }
  }

  /** One measurement on one side. */
  @FunctionalInterface
  private interface Step {
    void on(Ground ground) throws BenchException, ImageException, InterruptedException;
  }

  /** Rounds, the first of which may warm up; sides that fail in one are left out of the others. */
  private void rounds(Measure measure, String what, List<Ground> grounds, Step step)
      throws InterruptedException {
    Rounds rounds = Rounds.of(measure, plan.runs());
    List<Ground> able =
        rounds.emulated() == 0 ? comparable(grounds, measure) : new ArrayList<>(grounds);
    for (int round = rounds.warmUp() ? 0 : 1;
        round <= rounds.counted() && !able.isEmpty();
        round++) {
      int now = round;
      results.counting(round > 0);
      List<Ground> order = round % 2 == 1 ? able.reversed() : able;
      String sentence =
          round == 0
              ? what + ": warming up."
              : "%s: round %d of %d.".formatted(what, round, rounds.counted());
      able.removeAll(
          each(
              sentence,
              order.stream()
                  .filter(
                      ground ->
                          ground.comparable()
                              || measure.isApartFromEngine()
                              || (now >= 1 && now <= rounds.emulated()))
                  .toList(),
              step));
    }
    results.counting(true);
  }

  /** The sides that a slow measure is worth its time on; the others are named. */
  private List<Ground> comparable(List<Ground> grounds, Measure measure) {
    List<Ground> able = new ArrayList<>();
    for (Ground ground : grounds) {
      if (ground.comparable()) {
        able.add(ground);
      } else {
        note(
            "%s: \"%s\" is not measured, for in software emulation it would say nothing."
                .formatted(ground.side().title(), measure.title()));
      }
    }
    return able;
  }

  /** Takes the step on each side and returns those on which it failed. */
  private List<Ground> each(String sentence, List<Ground> grounds, Step step)
      throws InterruptedException {
    List<Ground> failed = new ArrayList<>();
    if (!cancelled.get()) {
      listener.began(sentence);
    }
    for (Ground ground : grounds) {
      if (cancelled.get()) {
        break;
      }
      try {
        step.on(ground);
      } catch (BenchException | ImageException e) {
        // What a cancel ends half-way says nothing about the side.
        if (!cancelled.get()) {
          note(ground.side().title() + ": " + e.getMessage());
        }
        failed.add(ground);
      }
    }
    return failed;
  }

  private void note(String sentence) {
    if (!notes.contains(sentence)) {
      notes.add(sentence);
      listener.noted(sentence);
    }
  }

  private Report report(
      Instant date, ImageProcess workload, LifeSteps life, ExposureSteps exposure) {
    if (cancelled.get()) {
      note("The comparison was ended before it was complete.");
    }
    List<Row> measured = results.rows();
    Report report =
        new Report(
            date.toString(),
            HostDescription.of(
                equipment.host(),
                equipment.host().program("qemu-system-x86_64").orElse("qemu-system-x86_64")),
            equipment.host().read("/proc/sys/kernel/random/boot_id").orElse("").strip(),
            Conditions.of(equipment, plan),
            new Report.Subject(
                plan.image(),
                equipment.image().description().id(),
                workload.words(),
                equipment.tiny().version(),
                plan.cpus(),
                plan.memoryMib()),
            plan.runs(),
            measured,
            results.series(),
            life.timelines(),
            exposure.findings(),
            List.of(),
            notes,
            Commands.of(plan));
    return report.judged(Claims.judge(report));
  }
}
