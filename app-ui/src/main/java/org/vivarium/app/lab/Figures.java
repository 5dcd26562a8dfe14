package org.vivarium.app.lab;

import java.util.Locale;

/** Writes figures for people, with as many digits as they bear. Stateless. */
final class Figures {
  private Figures() {}

  /**
   * A value with its unit: seconds from 1000 ms on, microseconds below 0.1 ms, GiB from 1024 MiB
   * on.
   */
  static String text(double value, String unit) {
    if (unit.equals("ms") && value < 0.1) {
      return number(value * 1000) + " µs";
    }
    if (unit.equals("ms") && value >= 1000) {
      return number(value / 1000) + " s";
    }
    if (unit.equals("MiB") && value >= 1024) {
      return number(value / 1024) + " GiB";
    }
    if (unit.equals("calls") || unit.equals("instances") || unit.startsWith("idle ")) {
      return String.format(Locale.ROOT, "%.0f %s", value, unit);
    }
    return number(value) + " " + unit;
  }

  /** Three significant digits. */
  static String number(double value) {
    double size = Math.abs(value);
    int digits = size >= 100 ? 0 : size >= 10 ? 1 : 2;
    return String.format(Locale.ROOT, "%." + digits + "f", value);
  }
}
