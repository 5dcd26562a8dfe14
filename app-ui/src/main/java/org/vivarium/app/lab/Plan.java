package org.vivarium.app.lab;

import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * What is to be compared.
 *
 * @param image as the user named it
 * @param words the workload: what replaces the image's command, or empty
 * @param measures at least one
 * @param sides at least one; those that this computer cannot offer are named in the report
 * @param runs rounds, after one that is not counted; 1 to 1000
 * @param cpus processors of a machine, and a container's share of time
 * @param memoryMib RAM of a machine, and a container's limit
 * @param patience how long is waited for a first output or an end
 * @param ends whether the workload ends by itself: its whole run is measured then, not its idling
 * @param pin numbers of the processors that everything runs on, as cpuset(7) lists them; or empty
 */
public record Plan(
    String image,
    List<String> words,
    Set<Measure> measures,
    Set<Side> sides,
    int runs,
    int cpus,
    int memoryMib,
    Duration patience,
    boolean ends,
    String pin) {
  /** Most rounds. */
  public static final int MOST_RUNS = 1000;

  /** Copies the collections and checks the numbers. */
  public Plan {
    words = List.copyOf(words);
    measures = EnumSet.copyOf(measures);
    sides = EnumSet.copyOf(sides);
    if (!pin.matches("|[0-9]{1,4}([,-][0-9]{1,4})*")) {
      throw new IllegalArgumentException("not a list of processors");
    }
    if (runs < 1 || runs > MOST_RUNS || cpus < 1 || memoryMib < 1 || patience.isNegative()) {
      throw new IllegalArgumentException("runs, processors, memory or patience out of range");
    }
  }

  /** The same with another memory. */
  public Plan withMemory(int mib) {
    return new Plan(image, words, measures, sides, runs, cpus, mib, patience, ends, pin);
  }

  /** Whether a measure is wanted. */
  public boolean has(Measure measure) {
    return measures.contains(measure);
  }
}
