package org.vivarium.app.desktop.base;

import java.time.Duration;
import java.util.Locale;

/** Numbers with their units, as every page writes them. */
public final class Units {
  private static final String[] BINARY = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};

  private Units() {}

  /** {@code 143 MiB}: three significant digits, powers of 1024. */
  public static String bytes(double bytes) {
    double value = Math.max(0, bytes);
    int unit = 0;
    while (value >= 1000 && unit < BINARY.length - 1) {
      value /= 1024;
      unit++;
    }
    return number(value, unit == 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2) + " " + BINARY[unit];
  }

  /** {@code 1.2 MiB/s}. */
  public static String bytesPerSecond(double rate) {
    return bytes(rate) + "/s";
  }

  /** {@code 12 %}, of one processor. */
  public static String percent(double share) {
    double percent = Math.max(0, share) * 100;
    return number(percent, percent > 0 && percent < 9.95 ? 1 : 0) + " %";
  }

  /** {@code 1.2 k/s}. */
  public static String perSecond(double rate) {
    double value = Math.max(0, rate);
    String unit = "/s";
    if (value >= 1e6) {
      value /= 1e6;
      unit = " M/s";
    } else if (value >= 10_000) {
      value /= 1e3;
      unit = " k/s";
    }
    return number(value, value > 0 && value < 10 ? 1 : 0) + unit;
  }

  /** {@code 641} or {@code 12 k}. */
  public static String count(double value) {
    return perSecond(value).replace("/s", "");
  }

  /** {@code 840 ms} or {@code 1.24 s}. */
  public static String nanos(long nanos) {
    double millis = nanos / 1e6;
    if (millis < 10) {
      return number(millis, 1) + " ms";
    }
    return millis < 1000 ? number(millis, 0) + " ms" : number(millis / 1000, 2) + " s";
  }

  /** {@code 00:12:41}, with days before it where there are any. */
  public static String clock(Duration time) {
    String clock =
        String.format(
            Locale.ROOT,
            "%02d:%02d:%02d",
            time.toHoursPart(),
            time.toMinutesPart(),
            time.toSecondsPart());
    return time.toDaysPart() > 0 ? time.toDaysPart() + " d " + clock : clock;
  }

  private static String number(double value, int decimals) {
    return String.format(Locale.ROOT, "%." + decimals + "f", value);
  }
}
