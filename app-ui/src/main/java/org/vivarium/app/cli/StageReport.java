package org.vivarium.app.cli;

import java.io.PrintStream;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import org.vivarium.vmm.engine.BootStage;

/** When a boot reached its stages, counted from the start of the process. Any thread. */
final class StageReport {
  /** How the stages are told; the names are those of the command line. */
  enum Form {
    /** Not at all. */
    NONE,
    /** A table at the end. */
    TABLE,
    /** One line for each stage as it is reached, for programs. */
    LINES,
    /** As {@link #LINES}, with what was counted by then. */
    COUNTERS;

    /** Whether a stage is told when it is reached. */
    boolean atOnce() {
      return this == LINES || this == COUNTERS;
    }
  }

  /** What a line for programs begins with. */
  static final String LINE = "stage ";

  private final long processStart;
  private final Map<BootStage, Long> reached = new EnumMap<>(BootStage.class);
  private boolean outputLost;

  /**
   * @param processStart when the process started, as {@link System#nanoTime()} would have told it;
   *     only {@link #print} needs it
   */
  StageReport(long processStart) {
    this.processStart = processStart;
  }

  /** Notes a stage; only the first boot counts, not those after a restart. */
  synchronized void reached(BootStage stage, long nanoTime) {
    reached.putIfAbsent(stage, nanoTime);
  }

  /**
   * One line for programs: {@code stage USER_SPACE 123456789 exit.io=42}, with the instant as
   * {@link System#nanoTime()} told it, which all processes of a computer share.
   */
  static String line(BootStage stage, long nanoTime, Map<String, Long> counters) {
    StringBuilder line = new StringBuilder(LINE).append(stage.name()).append(' ').append(nanoTime);
    for (Map.Entry<String, Long> counter : counters.entrySet()) {
      line.append(' ').append(counter.getKey()).append('=').append(counter.getValue());
    }
    return line.toString();
  }

  /** Notes that the guest's output could not be shown. */
  synchronized void outputLost() {
    outputLost = true;
  }

  /** Prints a line for each stage: since the start, and since the stage before. */
  synchronized void print(PrintStream out) {
    out.printf(Locale.ROOT, "%-28s %10s %10s%n", "Stage", "at", "took");
    out.printf(Locale.ROOT, "%-28s %8.1f ms%n", "process start", 0.0);
    long before = processStart;
    for (BootStage stage : BootStage.values()) {
      Long when = reached.get(stage);
      if (when == null) {
        out.printf(Locale.ROOT, "%-28s %10s%n", name(stage), "not seen");
      } else {
        out.printf(
            Locale.ROOT,
            "%-28s %8.1f ms %7.1f ms%n",
            name(stage),
            (when - processStart) / 1e6,
            (when - before) / 1e6);
        before = when;
      }
    }
    if (outputLost) {
      out.println("Some of the guest's output could not be written to standard output.");
    }
  }

  static String name(BootStage stage) {
    return switch (stage) {
      case MACHINE_BUILT -> "machine built";
      case FIRST_INSTRUCTION -> "first instruction";
      case USER_SPACE -> "kernel entered user space";
      case PROMPT -> "prompt";
    };
  }
}
