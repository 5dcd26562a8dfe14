package org.vivarium.app.lab;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.vivarium.app.bench.Samples;
import org.vivarium.app.lab.Report.Row;
import org.vivarium.app.lab.Report.Series;
import org.vivarium.app.lab.Report.Stage;
import org.vivarium.app.lab.Report.Timeline;

/** The values as they come in. Belongs to one thread. */
final class Results {
  /** The values of a quantity on a side. */
  private static final class Values {
    private final List<Double> all = new ArrayList<>();
    private String executed = "";
  }

  private final Plan plan;
  private final Listener listener;
  private final Map<String, Row> rows = new LinkedHashMap<>();
  private final Map<String, Map<Side, Values>> values = new HashMap<>();
  private final Map<Side, Boolean> comparable = new EnumMap<>(Side.class);
  private boolean counting = true;

  Results(Plan plan, Listener listener) {
    this.plan = plan;
    this.listener = listener;
    Rows.of(plan).forEach(row -> rows.put(row.id(), row));
  }

  /** Whether values count: those of a round that warms up do not. */
  void counting(boolean now) {
    counting = now;
  }

  boolean isCounting() {
    return counting;
  }

  /**
   * Takes a value.
   *
   * @param executed what was started; the last one stands in the report
   */
  void add(String id, Ground ground, double value, String executed) {
    Row row = rows.get(id);
    if (row == null || !counting) {
      return;
    }
    Values of =
        values
            .computeIfAbsent(id, _ -> new EnumMap<>(Side.class))
            .computeIfAbsent(ground.side(), _ -> new Values());
    of.all.add(value);
    of.executed = executed;
    comparable.put(ground.side(), ground.comparable());
    listener.measured(row, ground.side(), value);
  }

  /** The quantities that have values. */
  List<Row> rows() {
    return rows.values().stream().filter(row -> values.containsKey(row.id())).toList();
  }

  List<Series> series() {
    List<Series> series = new ArrayList<>();
    for (Row row : rows()) {
      values
          .getOrDefault(row.id(), Map.of())
          .forEach(
              (side, of) ->
                  series.add(
                      new Series(
                          row.id(),
                          side,
                          of.all,
                          row.measure().isApartFromEngine() || isComparable(side),
                          of.executed,
                          Commands.of(plan, row.measure(), side))));
    }
    return series;
  }

  /** The medians of the stages of a start. */
  Timeline timeline(Side side, Map<String, List<Double>> parts) {
    List<Stage> stages = new ArrayList<>();
    parts.forEach((title, times) -> stages.add(new Stage(title, new Samples(times).median())));
    return new Timeline(side, stages, isComparable(side));
  }

  private boolean isComparable(Side side) {
    return comparable.getOrDefault(side, true);
  }
}
