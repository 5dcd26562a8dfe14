package org.vivarium.app.bench;

import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** A quantity of both sides by round; a round that a side did not end is missing there. */
public final class Paired {
  private final Map<Side, SortedMap<Integer, Double>> values = new EnumMap<>(Side.class);

  /** Nothing was measured yet. */
  public Paired() {
    for (Side side : Side.values()) {
      values.put(side, new TreeMap<>());
    }
  }

  /** Notes a round's value, in place of one that was noted before. */
  public void put(Side side, int round, double value) {
    rounds(side).put(round, value);
  }

  /** What a side measured; empty if that was nothing. */
  public Optional<Samples> of(Side side) {
    return samples(rounds(side).values());
  }

  /** The quotients, ours by QEMU's, of the rounds that both sides ended. */
  public Optional<Samples> ratio() {
    SortedMap<Integer, Double> yardstick = rounds(Side.QEMU);
    return samples(
        rounds(Side.VIVARIUM).entrySet().stream()
            .filter(entry -> yardstick.containsKey(entry.getKey()))
            .map(entry -> entry.getValue() / yardstick.getOrDefault(entry.getKey(), Double.NaN))
            .toList());
  }

  private SortedMap<Integer, Double> rounds(Side side) {
    return values.getOrDefault(side, new TreeMap<>());
  }

  private static Optional<Samples> samples(Collection<Double> values) {
    return values.isEmpty() ? Optional.empty() : Optional.of(new Samples(List.copyOf(values)));
  }
}
