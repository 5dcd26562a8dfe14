package org.vivarium.app.lab;

import java.time.Duration;
import java.util.List;
import org.vivarium.app.bench.BenchException;
import org.vivarium.app.lab.Report.Row;
import org.vivarium.images.ImageException;

/**
 * How an instance works beside others that take what they get. Belongs to one thread.
 *
 * <p>One instance repeats the same work all the time; the second whole repetition after each change
 * counts, so that neither its start nor the neighbour's is part of it.
 */
final class NeighbourSteps {
  /**
   * A neighbour.
   *
   * @param script for sh; prints a line and then never ends
   * @param needsLimits whether it would take the whole computer where nothing limits it
   */
  private record Hog(Row row, String script, boolean needsLimits) {}

  private static final String BUSY = "while :; do :; done";

  private static final List<Hog> HOGS =
      List.of(
          new Hog(Rows.SLOWDOWN, busy(), false),
          new Hog(
              Rows.MEMORY_HOG,
              "echo ready; while :; do awk 'BEGIN { s = \"0123456789abcdef\"; while (1) s = s s }';"
                  + " done 2>/dev/null",
              true),
          new Hog(Rows.FORK_BOMB, "echo ready; b() { b & b; }; (b) 2>/dev/null & " + BUSY, true));

  private static final Work VICTIM = Work.PROCESSOR.getFirst();
  private static final String BEGIN = "@begin";
  private static final String END = "@end";
  private static final Duration LOOK = Duration.ofMillis(50);

  private final Setting setting;

  NeighbourSteps(Setting setting) {
    this.setting = setting;
  }

  /** More loops than this computer has processors. */
  private static String busy() {
    StringBuilder script = new StringBuilder("echo ready;");
    for (int i = 0; i < Runtime.getRuntime().availableProcessors(); i++) {
      script.append(' ').append(BUSY).append(" &");
    }
    return script.append(' ').append(BUSY).toString();
  }

  void neighbours(Ground ground) throws BenchException, ImageException, InterruptedException {
    String script = "while :; do echo %s; %s; echo %s; done".formatted(BEGIN, VICTIM.script(), END);
    try (Running victim = ground.start(setting.shell(script))) {
      double alone = repetition(victim);
      boolean limited = ground.limitsProcesses(victim);
      if (!limited) {
        setting
            .note()
            .accept(
                "%s: neither a memory hog nor a fork bomb was tried, for nothing limits them there."
                    .formatted(ground.side().title()));
      }
      for (Hog hog : HOGS) {
        if (limited || !hog.needsLimits) {
          beside(ground, victim, alone, hog);
        }
      }
    }
  }

  private void beside(Ground ground, Running victim, double alone, Hog hog)
      throws BenchException, ImageException, InterruptedException {
    try (Running neighbour = ground.start(setting.shell(hog.script))) {
      neighbour.firstOutput(setting.plan().patience());
      double slowdown = repetition(victim) / alone;
      if (neighbour.child().isAlive()) {
        setting.results().add(hog.row.id(), ground, slowdown, neighbour.command());
      } else {
        setting
            .note()
            .accept(
                "%s: \"%s\" has no figure, for the neighbour ended itself."
                    .formatted(ground.side().title(), hog.row.title()));
      }
    }
  }

  /** How long the second repetition that begins from now on takes, nanoseconds. */
  private double repetition(Running victim) throws BenchException, InterruptedException {
    long now = System.nanoTime();
    long end = now + setting.plan().patience().multipliedBy(3).toNanos();
    while (System.nanoTime() - end < 0) {
      List<Capture.Line> since =
          victim.capture().lines().stream().filter(line -> line.nanoTime() - now > 0).toList();
      int first = 0;
      while (first < since.size() && !since.get(first).text().equals(BEGIN)) {
        first++;
      }
      if (since.size() > first + 3) {
        return since.get(first + 3).nanoTime() - since.get(first + 2).nanoTime();
      }
      if (!victim.child().isAlive()) {
        throw new BenchException("The instance that a neighbour was to disturb ended by itself.");
      }
      Thread.sleep(LOOK);
    }
    throw new BenchException("The instance beside its neighbour came to a standstill.");
  }
}
