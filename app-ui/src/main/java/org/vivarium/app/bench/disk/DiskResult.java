package org.vivarium.app.bench.disk;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.vivarium.app.bench.HostDescription;
import org.vivarium.app.bench.Paired;
import org.vivarium.app.bench.Samples;

/**
 * What was measured of disks.
 *
 * @param host the computer
 * @param guest what ran on both sides
 * @param aio how the images were accessed
 * @param rows speed by row
 * @param counts counts for each request by row; empty where this user may not see them
 * @param heapBytes bytes in the heap for each request, by row; empty where they were not asked for
 * @param failures what a side did not do, one sentence each
 * @param mismatches what fio's verification found wrong, one sentence each; empty is good
 * @param verified whether there was a verification
 */
record DiskResult(
    HostDescription host,
    FioGuest guest,
    String aio,
    Map<Load, Paired> rows,
    Map<Load, PerRequest> counts,
    Map<Load, Double> heapBytes,
    List<String> failures,
    List<String> mismatches,
    boolean verified) {
  /** Counts for one request in each round, by side. */
  record PerRequest(Figures ours, Figures qemus) {
    PerRequest() {
      this(new Figures(), new Figures());
    }
  }

  /** Counts for one request, a value a round; system calls by name too. */
  record Figures(
      List<Double> exits,
      List<Double> interrupts,
      List<Double> systemCalls,
      Map<String, List<Double>> byName) {
    Figures() {
      this(new ArrayList<>(), new ArrayList<>(), new ArrayList<>(), new LinkedHashMap<>());
    }

    void add(KernelCounts.Counts counts, double requests) {
      exits.add(counts.exits() / requests);
      interrupts.add(counts.interrupts() / requests);
      systemCalls.add(counts.allSystemCalls() / requests);
      counts
          .systemCalls()
          .forEach(
              (name, count) ->
                  byName.computeIfAbsent(name, _ -> new ArrayList<>()).add(count / requests));
    }

    /** The median of the rounds, empty where none counted. */
    static OptionalDouble median(List<Double> values) {
      return values.isEmpty()
          ? OptionalDouble.empty()
          : OptionalDouble.of(new Samples(values).median());
    }
  }
}
