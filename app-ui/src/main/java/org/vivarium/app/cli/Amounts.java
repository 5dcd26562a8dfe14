package org.vivarium.app.cli;

import java.util.Locale;

/** Amounts as people read them. */
final class Amounts {
  private static final String[] UNITS = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  private static final int STEP = 1024;

  private Amounts() {}

  /**
   * An amount of bytes: {@code 256 MiB}, {@code 1.5 GiB}; a negative one is not known: {@code -}.
   */
  static String bytes(double bytes) {
    if (bytes < 0) {
      return "-";
    }
    double amount = bytes;
    int unit = 0;
    while (amount >= STEP && unit < UNITS.length - 1) {
      amount /= STEP;
      unit++;
    }
    boolean whole = unit == 0 || amount >= 100 || amount == Math.rint(amount);
    return String.format(Locale.ROOT, whole ? "%.0f %s" : "%.1f %s", amount, UNITS[unit]);
  }

  /** A share of one processor: {@code 12.5 %}. */
  static String percent(double share) {
    return String.format(Locale.ROOT, "%.1f %%", share * 100);
  }

  /** A count, without a fraction. */
  static String count(double count) {
    return String.format(Locale.ROOT, "%.0f", count);
  }
}
