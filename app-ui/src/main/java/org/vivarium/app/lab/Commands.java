package org.vivarium.app.lab;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** The command lines that repeat a comparison or a part of it. Stateless. */
final class Commands {
  private Commands() {}

  static String of(Plan plan) {
    return of(plan, plan.measures(), plan.sides());
  }

  static String of(Plan plan, Measure measure, Side side) {
    return of(plan, EnumSet.of(measure), EnumSet.of(side));
  }

  private static String of(Plan plan, Set<Measure> measures, Set<Side> sides) {
    List<String> words = new ArrayList<>(List.of("./vivarium", "compare", "--image", plan.image()));
    if (!plan.words().isEmpty()) {
      words.addAll(List.of("--command", Exec.shown(plan.words())));
    }
    words.addAll(
        List.of("--measures", measures.stream().map(Measure::id).collect(Collectors.joining(","))));
    words.addAll(List.of("--sides", sides.stream().map(Side::id).collect(Collectors.joining(","))));
    words.addAll(List.of("--runs", Integer.toString(plan.runs())));
    words.addAll(List.of("--cpus", Integer.toString(plan.cpus())));
    words.addAll(List.of("--memory", plan.memoryMib() + "M"));
    words.addAll(List.of("--timeout", Long.toString(plan.patience().toSeconds())));
    if (plan.ends()) {
      words.add("--batch");
    }
    if (!plan.pin().isEmpty()) {
      words.addAll(List.of("--pin", plan.pin()));
    }
    return Exec.shown(words);
  }
}
