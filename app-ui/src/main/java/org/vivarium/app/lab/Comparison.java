package org.vivarium.app.lab;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.vivarium.app.bench.BenchException;
import org.vivarium.app.bench.HostDescription;
import org.vivarium.app.lab.Report.Finding;
import org.vivarium.app.lab.Report.Row;
import org.vivarium.app.lab.Report.Timeline;
import org.vivarium.images.ImageException;
import org.vivarium.images.oci.ImageProcess;

/**
 * Measures one workload on several sides in rounds of alternating order, after one round that is
 * not counted. What fails on a side is noted, and the other sides go on. Used once; {@link #cancel}
 * may be called by any thread, and what was measured by then is in the report.
 */
public final class Comparison {
  /** A workload settles for this long before its memory is looked at. */
  private static final Duration SETTLE = Duration.ofSeconds(2);

  private static final List<String> TRUE = List.of("/bin/true");

  private final Plan plan;
  private final Equipment equipment;
  private final Listener listener;
  private final Opening opening;
  private final Exec exec;
  private final Results results;
  private final AtomicBoolean cancelled = new AtomicBoolean();
  private final List<String> notes = new ArrayList<>();
  private final Map<Side, Map<String, List<Double>>> stages = new EnumMap<>(Side.class);
  private final Map<String, Map<Side, String>> answers = new LinkedHashMap<>();

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
          case MACHINE -> MachineGround.ours(equipment, exec, plan);
          case QEMU -> MachineGround.qemu(equipment, exec, plan);
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
    try (Scratch scratch = Scratch.make(exec)) {
      try {
        for (Side side : plan.sides()) {
          open(side, scratch, grounds);
        }
        if (grounds.isEmpty()) {
          throw new BenchException("Nothing can be measured here. " + String.join(" ", notes));
        }
        measure(workload, grounds);
      } finally {
        for (Ground ground : grounds) {
          ground.close();
        }
      }
    }
    return report(date, workload);
  }

  private void open(Side side, Scratch scratch, List<Ground> grounds) {
    try {
      grounds.add(opening.open(side, scratch));
    } catch (BenchException e) {
      note(e.getMessage());
    }
  }

  private void measure(ImageProcess workload, List<Ground> grounds) throws InterruptedException {
    if (plan.has(Measure.SIZE)) {
      each("Looking at what is on the disk.", grounds, this::sizes);
    }
    if (plan.has(Measure.START) || plan.has(Measure.STOP)) {
      rounds("Starting and stopping the workload", grounds, ground -> starts(workload, ground));
    }
    if (plan.has(Measure.START)) {
      rounds("Looking where the time of a start goes", grounds, ground -> stages(workload, ground));
    }
    if (plan.has(Measure.RUN)) {
      rounds("Running /bin/true", grounds, this::wholeRun);
    }
    if (plan.has(Measure.MEMORY)) {
      rounds("Looking at the memory of idle instances", grounds, g -> memory(workload, g));
    }
    if (plan.has(Measure.CPU)) {
      rounds("Working: processor, memory, system calls", grounds, this::work);
    }
    if (plan.has(Measure.ISOLATION)) {
      each("Asking what a process can see and do.", grounds, this::isolation);
    }
  }

  /** One measurement on one side. */
  @FunctionalInterface
  private interface Step {
    void on(Ground ground) throws BenchException, ImageException, InterruptedException;
  }

  /** Rounds, the first of which warms up; sides that fail in it are left out of the others. */
  private void rounds(String what, List<Ground> grounds, Step step) throws InterruptedException {
    List<Ground> able = new ArrayList<>(grounds);
    for (int round = 0; round <= plan.runs() && !able.isEmpty(); round++) {
      results.counting(round > 0);
      List<Ground> order = round % 2 == 1 ? able.reversed() : able;
      String sentence =
          round == 0
              ? what + ": warming up."
              : "%s: round %d of %d.".formatted(what, round, plan.runs());
      able.removeAll(each(sentence, List.copyOf(order), step));
    }
    results.counting(true);
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

  private void sizes(Ground ground) throws BenchException {
    for (Map.Entry<String, Double> size : ground.sizes().entrySet()) {
      results.add(size.getKey(), ground, size.getValue(), "");
    }
  }

  private void starts(ImageProcess workload, Ground ground)
      throws BenchException, ImageException, InterruptedException {
    avoidPorts(ground);
    try (Running running = ground.start(workload)) {
      double first = running.firstOutput(plan.patience()) / 1e6;
      results.add(Rows.START.id(), ground, first, running.command());
      if (plan.has(Measure.STOP)) {
        if (running.child().isAlive()) {
          results.add(Rows.STOP.id(), ground, running.stop() / 1e6, running.command());
        } else {
          note("The workload ends by itself, so that there is nothing to stop.");
        }
      }
    }
  }

  /** A server on the host would open its ports to the network. */
  private void avoidPorts(Ground ground) throws BenchException {
    if (ground.side() == Side.HOST
        && !equipment.image().description().config().exposedPorts().isEmpty()) {
      throw new BenchException(
          "The workload was not started there: it would open its ports to the network.");
    }
  }

  private void stages(ImageProcess workload, Ground ground)
      throws BenchException, ImageException, InterruptedException {
    if (ground.side() == Side.HOST) {
      return;
    }
    Map<String, Double> times = ground.timeline(workload);
    if (results.isCounting()) {
      Map<String, List<Double>> all =
          stages.computeIfAbsent(ground.side(), _ -> new LinkedHashMap<>());
      times.forEach((stage, ms) -> all.computeIfAbsent(stage, _ -> new ArrayList<>()).add(ms));
    }
  }

  private void wholeRun(Ground ground) throws BenchException, ImageException, InterruptedException {
    try (Running running = ground.start(process(TRUE))) {
      double time = running.end(plan.patience()) / 1e6;
      results.add(Rows.RUN.id(), ground, time, running.command());
    }
  }

  private void memory(ImageProcess workload, Ground ground)
      throws BenchException, ImageException, InterruptedException {
    avoidPorts(ground);
    try (Running running = ground.start(workload)) {
      running.firstOutput(plan.patience());
      Thread.sleep(SETTLE);
      if (!running.child().isAlive()) {
        throw new BenchException("The workload ends by itself, so that it never idles.");
      }
      for (Map.Entry<String, Double> figure : ground.memory(running).entrySet()) {
        results.add(figure.getKey(), ground, figure.getValue(), running.command());
      }
    }
    if (ground.side().isMachine()) {
      String script =
          "awk '/^MemTotal/ {t = $2} /^MemAvailable/ {print \"@seen\", t - $2}' /proc/meminfo";
      for (Capture.Line line : output(ground, script, plan.patience()).capture().lines()) {
        if (line.text().matches("@seen [0-9]{1,12}")) {
          double mib = Long.parseLong(line.text().substring(6)) / 1024.0;
          results.add(Rows.SEEN.id(), ground, mib, "");
        }
      }
    }
  }

  private void work(Ground ground) throws BenchException, ImageException, InterruptedException {
    Running running = output(ground, CpuProbe.wholeScript(), plan.patience().multipliedBy(3));
    Map<String, Double> times = CpuProbe.times(running.capture().lines());
    for (CpuProbe probe : CpuProbe.ALL) {
      Double time = times.get(probe.id());
      if (time != null) {
        results.add(
            probe.id(), ground, time, "sh -c '" + probe.script().replace("'", "'\\''") + "'");
      }
    }
  }

  private void isolation(Ground ground)
      throws BenchException, ImageException, InterruptedException {
    String script = IsolationProbe.wholeScript(ground.side() == Side.HOST);
    Running running = output(ground, script, plan.patience());
    Map<String, String> said = IsolationProbe.answers(running.capture().lines());
    for (IsolationProbe probe : IsolationProbe.ALL) {
      String otherwise = ground.side() == Side.HOST && !probe.onHost() ? "not tried" : "no answer";
      answers
          .computeIfAbsent(probe.id(), _ -> new EnumMap<>(Side.class))
          .put(ground.side(), said.getOrDefault(probe.id(), otherwise));
    }
  }

  /** Runs a script of the image's shell to its end. */
  private Running output(Ground ground, String script, Duration patience)
      throws BenchException, ImageException, InterruptedException {
    try (Running running = ground.start(process(List.of("sh", "-c", script)))) {
      running.end(patience);
      return running;
    }
  }

  /** A process of the image that has nothing to do with the workload's entry point. */
  private ImageProcess process(List<String> words) throws ImageException {
    return equipment.image().command(words);
  }

  private Report report(Instant date, ImageProcess workload) {
    List<Timeline> timelines = new ArrayList<>();
    stages.forEach((side, parts) -> timelines.add(results.timeline(side, parts)));
    List<Finding> findings = new ArrayList<>();
    for (IsolationProbe probe : IsolationProbe.ALL) {
      Map<Side, String> found = answers.get(probe.id());
      if (found != null) {
        findings.add(new Finding(probe.id(), probe.question(), found, probe.meaning()));
      }
    }
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
            Conditions.of(equipment),
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
            timelines,
            findings,
            List.of(),
            notes,
            Commands.of(plan));
    return report.judged(Claims.judge(report));
  }
}
