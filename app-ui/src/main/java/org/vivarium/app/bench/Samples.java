package org.vivarium.app.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Values of one quantity, in the order of the rounds that they were measured in.
 *
 * @param values at least one
 */
public record Samples(List<Double> values) {
  /** Copies the list. */
  public Samples {
    if (values.isEmpty()) {
      throw new IllegalArgumentException("No value was measured");
    }
    values = List.copyOf(values);
  }

  /** The smallest. */
  public double min() {
    return sorted()[0];
  }

  /** The largest. */
  public double max() {
    double[] sorted = sorted();
    return sorted[sorted.length - 1];
  }

  /** The middle value; of an even number of values, the mean of the two in the middle. */
  public double median() {
    double[] sorted = sorted();
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }

  /**
   * The quotients of values of the same round: what disturbs a whole round disturbs both.
   *
   * @param yardstick measured in the same rounds
   */
  public Samples over(Samples yardstick) {
    if (values.size() != yardstick.values.size()) {
      throw new IllegalArgumentException("Not the same rounds");
    }
    List<Double> ratios = new ArrayList<>();
    for (int i = 0; i < values.size(); i++) {
      ratios.add(values.get(i) / yardstick.values.get(i));
    }
    return new Samples(ratios);
  }

  private double[] sorted() {
    double[] sorted = values.stream().mapToDouble(Double::doubleValue).toArray();
    Arrays.sort(sorted);
    return sorted;
  }
}
