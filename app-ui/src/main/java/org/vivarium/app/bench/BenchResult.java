package org.vivarium.app.bench;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What was measured so far. */
public final class BenchResult {
  /** Two sides of one thing. */
  record Pair<T>(T vivarium, T qemu) {}

  private final Bench.Plan plan;
  private final HostDescription host;
  private final Map<Quantity, List<Double>> times = new EnumMap<>(Quantity.class);
  private final List<Pair<Map<String, Long>>> exits = new ArrayList<>();
  private @Nullable Pair<ProcessMemory> memory;
  private ExitCost.@Nullable Result exitCost;
  private ProcessMemory.@Nullable Figures ready;
  private IdleMachines.@Nullable Result idle;

  BenchResult(Bench.Plan plan, HostDescription host) {
    this.plan = plan;
    this.host = host;
  }

  /** Adds a round's times, milliseconds. */
  void times(Map<Quantity, Double> round) {
    round.forEach(
        (quantity, ms) -> times.computeIfAbsent(quantity, _ -> new ArrayList<>()).add(ms));
  }

  /** Adds a round's counts. */
  void exits(Map<String, Long> vivarium, Map<String, Long> qemu) {
    exits.add(new Pair<>(vivarium, qemu));
  }

  void memory(ProcessMemory vivarium, ProcessMemory qemu) {
    memory = new Pair<>(vivarium, qemu);
  }

  void exitCost(ExitCost.Result result) {
    exitCost = result;
  }

  /** What the process that was ready cost while it waited. */
  void ready(ProcessMemory.Figures figures) {
    ready = figures;
  }

  void idle(IdleMachines.Result result) {
    idle = result;
  }

  Optional<ProcessMemory.Figures> ready() {
    return Optional.ofNullable(ready);
  }

  Optional<IdleMachines.Result> idle() {
    return Optional.ofNullable(idle);
  }

  Bench.Plan plan() {
    return plan;
  }

  HostDescription host() {
    return host;
  }

  /** The times of each quantity that was measured, in the order of the rounds. */
  Map<Quantity, Samples> times() {
    Map<Quantity, Samples> samples = new EnumMap<>(Quantity.class);
    times.forEach((quantity, values) -> samples.put(quantity, new Samples(values)));
    return samples;
  }

  List<Pair<Map<String, Long>>> exits() {
    return List.copyOf(exits);
  }

  /** Medians of each counter that either side has, ours first; the greatest of ours first. */
  Map<String, Pair<Double>> exitMedians() {
    Map<String, Pair<Double>> medians = new LinkedHashMap<>();
    exits.stream()
        .flatMap(pair -> Stream.of(pair.vivarium(), pair.qemu()))
        .flatMap(counters -> counters.keySet().stream())
        .distinct()
        .sorted()
        .forEach(
            name ->
                medians.put(
                    name,
                    new Pair<>(
                        median(exits.stream().map(Pair::vivarium).toList(), name),
                        median(exits.stream().map(Pair::qemu).toList(), name))));
    medians.values().removeIf(pair -> pair.vivarium() == 0 && pair.qemu() == 0);
    return medians;
  }

  private static double median(List<Map<String, Long>> rounds, String name) {
    return new Samples(rounds.stream().map(c -> (double) c.getOrDefault(name, 0L)).toList())
        .median();
  }

  Optional<Pair<ProcessMemory>> memory() {
    return Optional.ofNullable(memory);
  }

  Optional<ExitCost.Result> exitCost() {
    return Optional.ofNullable(exitCost);
  }
}
