package org.vivarium.app;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * When the process started, on the clock of {@link System#nanoTime()}.
 *
 * <p>The launcher passes its own first instant in {@code VIVARIUM_START_NS} (nanoseconds since the
 * epoch, resolved to a microsecond), so that the time which the launcher and the Java runtime take
 * is counted. Without it the kernel's start time of this process is used, which is resolved to 10
 * milliseconds and leaves the launcher out.
 */
public final class StartTime {
  /** The environment variable that the launcher sets. */
  public static final String VARIABLE = "VIVARIUM_START_NS";

  private StartTime() {}

  /**
   * Returns what {@link System#nanoTime()} would have said when this process was started.
   *
   * @return a value to subtract from later {@code nanoTime} values; nanoseconds
   */
  public static long nanoTime() {
    return nanoTime(System.getenv(), Instant.now(), System.nanoTime());
  }

  static long nanoTime(Map<String, String> environment, Instant now, long nowNanoTime) {
    Instant started = fromLauncher(environment.get(VARIABLE), now);
    if (started == null) {
      started = ProcessHandle.current().info().startInstant().orElse(now);
    }
    return nowNanoTime - ChronoUnit.NANOS.between(started, now);
  }

  /** Null when the value is missing, malformed or not of the last hour before {@code now}. */
  private static @Nullable Instant fromLauncher(@Nullable String value, Instant now) {
    if (value == null || !value.matches("[0-9]{1,19}")) {
      return null;
    }
    Instant started;
    try {
      started = Instant.EPOCH.plusNanos(Long.parseLong(value));
    } catch (NumberFormatException e) {
      return null; // 19 digits beyond a long's range
    }
    boolean plausible = !started.isAfter(now) && started.isAfter(now.minus(1, ChronoUnit.HOURS));
    return plausible ? started : null;
  }
}
