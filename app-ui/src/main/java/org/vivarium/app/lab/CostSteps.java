package org.vivarium.app.lab;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.vivarium.app.bench.BenchException;
import org.vivarium.images.ImageException;

/** What instances take of the disk and of the memory. Belongs to one thread. */
final class CostSteps {
  /** MiB that {@link Measure#DENSITY} fills with instances. */
  static final int BUDGET = 512;

  /** MiB that it reckons the number of instances for. */
  static final int RECKONED = 1024;

  /** Most instances that it starts. */
  static final int MOST = 8;

  /** A workload settles for this long before its memory is looked at. */
  private static final Duration SETTLE = Duration.ofSeconds(2);

  private static final String SEEN =
      "awk '/^MemTotal/ {t = $2} /^MemAvailable/ {print \"@seen\", t - $2}' /proc/meminfo";

  private final Setting setting;
  private final Results results;

  private final Set<Ground> seen = new HashSet<>();

  CostSteps(Setting setting) {
    this.setting = setting;
    this.results = setting.results();
  }

  void sizes(Ground ground) throws BenchException, ImageException {
    for (Map.Entry<String, Double> size : ground.sizes().entrySet()) {
      results.add(size.getKey(), ground, size.getValue(), "");
    }
  }

  void memory(Ground ground) throws BenchException, ImageException, InterruptedException {
    try (Running running = idle(ground)) {
      Thread.sleep(SETTLE);
      for (Map.Entry<String, Double> figure : figures(ground, running).entrySet()) {
        results.add(figure.getKey(), ground, figure.getValue(), running.command());
      }
    }
    // A guest tells the same each time, and each telling takes a machine of its own.
    if (results.isCounting() && ground.side().isMachine() && seen.add(ground)) {
      for (Capture.Line line :
          setting.output(ground, SEEN, Extras.NONE, setting.plan().patience())) {
        if (line.text().matches("@seen [0-9]{1,12}")) {
          double mib = Long.parseLong(line.text().substring(6)) / 1024.0;
          results.add(Rows.SEEN.id(), ground, mib, "");
        }
      }
    }
  }

  private Running idle(Ground ground) throws BenchException, ImageException, InterruptedException {
    setting.avoidPorts(ground);
    Running running = ground.start(setting.workload());
    try {
      running.firstOutput(setting.plan().patience());
      return running;
    } catch (BenchException | InterruptedException e) {
      running.close();
      throw e;
    }
  }

  private static Map<String, Double> figures(Ground ground, Running running) throws BenchException {
    if (!running.child().isAlive()) {
      throw new BenchException("The workload ends by itself, so that it never idles.");
    }
    return ground.memory(running);
  }

  /** Starts idle instances until the budget is full; the first and all of them may settle. */
  void density(Ground ground) throws BenchException, ImageException, InterruptedException {
    List<Running> instances = new ArrayList<>();
    try {
      double first = 0;
      double all = 0;
      while (instances.size() < MOST && all < BUDGET) {
        instances.add(idle(ground));
        if (instances.size() == 1) {
          Thread.sleep(SETTLE);
          first = total(ground, instances);
        }
        all = total(ground, instances);
      }
      if (instances.size() < 2) {
        throw new BenchException(
            "One idle instance already takes %d MiB and more.".formatted(BUDGET));
      }
      Thread.sleep(SETTLE);
      all = total(ground, instances);
      double marginal = (all - first) / (instances.size() - 1);
      String command = instances.getLast().command();
      results.add(Rows.MARGINAL.id(), ground, marginal, command);
      if (marginal > 0) {
        double more = Math.floor(Math.max(0, RECKONED - first) / marginal);
        results.add(Rows.FIT.id(), ground, 1 + more, command);
      }
    } finally {
      close(instances);
    }
  }

  private static double total(Ground ground, List<Running> instances) throws BenchException {
    double all = 0;
    for (Running instance : instances) {
      all += figures(ground, instance).getOrDefault(Rows.TOTAL.id(), 0.0);
    }
    return all;
  }

  private static void close(List<Running> instances) throws BenchException {
    BenchException first = null;
    for (Running instance : instances) {
      try {
        instance.close();
      } catch (BenchException e) {
        first = first == null ? e : first;
      }
    }
    if (first != null) {
      throw first;
    }
  }
}
