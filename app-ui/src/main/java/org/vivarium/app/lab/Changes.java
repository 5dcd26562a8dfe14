package org.vivarium.app.lab;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.vivarium.app.bench.Samples;
import org.vivarium.app.lab.Report.Row;
import org.vivarium.app.lab.Report.Series;

/**
 * What two comparisons have in common, one beside the other.
 *
 * @param before date of the earlier one
 * @param reservations why the two may not be comparable, sentences
 * @param changes the quantities that both have
 */
public record Changes(String before, List<String> reservations, List<Change> changes) {
  /** Copies the lists. */
  public Changes {
    reservations = List.copyOf(reservations);
    changes = List.copyOf(changes);
  }

  /**
   * A quantity on one side.
   *
   * @param before the median then
   * @param now the median now
   * @param apart whether not even the extremes of the two overlap
   * @param spread whether they have any: one value each has none
   */
  public record Change(
      Row row, Side side, double before, double now, boolean apart, boolean spread) {
    /** What it means, in words. */
    public String verdict() {
      if (!spread) {
        return before == now ? "the same" : "one value each, and so no spread to judge by";
      }
      if (!apart) {
        return "within the spread";
      }
      return before == 0 ? "apart" : "apart: %.2f times".formatted(now / before);
    }
  }

  /** Sets a comparison beside an earlier one. */
  public static Changes between(Report earlier, Report later) {
    List<String> reservations = new ArrayList<>();
    if (!earlier.host().processor().equals(later.host().processor())
        || earlier.host().processors() != later.host().processors()) {
      reservations.add("The two were made on different computers.");
    } else if (!earlier.host().kernel().equals(later.host().kernel())) {
      reservations.add("The host's kernel was another: %s.".formatted(earlier.host().kernel()));
    }
    if (!earlier.subject().id().equals(later.subject().id())
        || !earlier.subject().words().equals(later.subject().words())) {
      reservations.add("The image or the workload was another.");
    }
    if (earlier.subject().cpus() != later.subject().cpus()
        || earlier.subject().memoryMib() != later.subject().memoryMib()) {
      reservations.add("The budget of processors and memory was another.");
    }
    List<Change> changes = new ArrayList<>();
    for (Row row : later.rows()) {
      for (Series series : later.series(row.id())) {
        Optional<Series> then =
            earlier
                .series(row.id(), series.side())
                .filter(old -> old.comparable() == series.comparable());
        then.ifPresent(old -> changes.add(change(row, old, series)));
      }
    }
    return new Changes(earlier.date(), reservations, changes);
  }

  private static Change change(Row row, Series then, Series now) {
    Samples before = then.samples();
    Samples after = now.samples();
    boolean apart = before.max() < after.min() || after.max() < before.min();
    boolean spread = then.values().size() > 1 || now.values().size() > 1;
    return new Change(row, now.side(), before.median(), after.median(), apart, spread);
  }
}
