package org.vivarium.app.lab;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.vivarium.app.bench.BenchException;
import org.vivarium.app.lab.Report.Timeline;
import org.vivarium.images.ImageException;

/** How instances come and go. Belongs to one thread. */
final class LifeSteps {
  private static final List<String> TRUE = List.of("/bin/true");

  private final Setting setting;
  private final Results results;
  private final Map<Side, Map<String, List<Double>>> stages = new EnumMap<>(Side.class);

  LifeSteps(Setting setting) {
    this.setting = setting;
    this.results = setting.results();
  }

  void starts(Ground ground) throws BenchException, ImageException, InterruptedException {
    setting.avoidPorts(ground);
    try (Running running = ground.start(setting.workload())) {
      long first = running.firstOutput(setting.plan().patience());
      results.add(Rows.START.id(), ground, first / 1e6, running.command());
      keep(ground, ground.stages(running, first));
      if (setting.plan().has(Measure.STOP)) {
        if (running.child().isAlive() && !setting.plan().ends()) {
          results.add(Rows.STOP.id(), ground, running.stop() / 1e6, running.command());
        } else {
          setting.note().accept("The workload ends by itself, so that there is nothing to stop.");
        }
      }
    }
  }

  void stages(Ground ground) throws BenchException, ImageException, InterruptedException {
    if (ground.side() == Side.HOST || ground.side().isMachine()) {
      return;
    }
    keep(ground, ground.timeline(setting.workload()));
  }

  private void keep(Ground ground, Map<String, Double> times) {
    if (!times.isEmpty() && results.isCounting()) {
      Map<String, List<Double>> all =
          stages.computeIfAbsent(ground.side(), _ -> new LinkedHashMap<>());
      times.forEach((stage, ms) -> all.computeIfAbsent(stage, _ -> new ArrayList<>()).add(ms));
    }
  }

  void wholeRun(Ground ground) throws BenchException, ImageException, InterruptedException {
    try (Running running = ground.start(setting.process(TRUE))) {
      double time = running.end(setting.plan().patience()) / 1e6;
      results.add(Rows.RUN.id(), ground, time, running.command());
    }
    if (setting.plan().ends()) {
      setting.avoidPorts(ground);
      try (Running running = ground.start(setting.workload())) {
        double time = running.end(setting.plan().patience().multipliedBy(3)) / 1e6;
        results.add(Rows.JOB.id(), ground, time, running.command());
      }
    }
  }

  void create(Ground ground) throws BenchException, ImageException {
    boolean both = ground.side() == Side.CONTAINER || ground.side() == Side.MACHINE;
    if (both || ground.side().isEngine()) {
      results.add(Rows.LINKED.id(), ground, ground.create(false) / 1e6, "");
    }
    if (both) {
      results.add(Rows.FULL.id(), ground, ground.create(true) / 1e6, "");
    } else if (ground.side() == Side.QEMU || ground.side() == Side.NESTED) {
      setting
          .note()
          .accept(
              "%s: \"%s\" is not measured, for its storage is made as that of Vivarium's machine."
                  .formatted(ground.side().title(), Measure.CREATE.title()));
    }
  }

  /** Where the time of a start goes, on each side that was looked at. */
  List<Timeline> timelines() {
    List<Timeline> timelines = new ArrayList<>();
    stages.forEach((side, parts) -> timelines.add(results.timeline(side, parts)));
    return timelines;
  }
}
