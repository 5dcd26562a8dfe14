package org.vivarium.app.desktop.chart;

/** Round numbers for an axis from 0. */
final class Scale {
  private Scale() {}

  /** How values are counted. */
  enum Kind {
    /** Steps of 1, 2 and 5. */
    DECIMAL,
    /** Steps of powers of two. */
    BINARY
  }

  /**
   * The distance between gridlines.
   *
   * @param max the largest value, positive
   * @param lines the most gridlines wanted
   */
  static double step(double max, int lines, Kind kind) {
    double rough = max / lines;
    if (kind == Kind.BINARY) {
      return Math.pow(2, Math.ceil(Math.log(rough) / Math.log(2)));
    }
    double power = Math.pow(10, Math.floor(Math.log10(rough)));
    for (double factor : new double[] {1, 2, 5}) {
      if (power * factor >= rough * 0.9999) {
        return power * factor;
      }
    }
    return power * 10;
  }

  /** The top of the axis: the first gridline at or above {@code max}. */
  static double top(double max, double step) {
    return Math.max(1, Math.ceil(max / step - 1e-9)) * step;
  }
}
