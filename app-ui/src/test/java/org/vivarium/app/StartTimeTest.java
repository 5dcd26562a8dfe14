package org.vivarium.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StartTimeTest {
  private static final Instant NOW = Instant.ofEpochSecond(1_800_000_000, 500_000);
  private static final long NOW_NANO_TIME = 77_000_000;

  private static long start(String value) {
    return StartTime.nanoTime(Map.of(StartTime.VARIABLE, value), NOW, NOW_NANO_TIME);
  }

  @Test
  void launchersTimeIsTakenToTheNanosecond() {
    assertEquals(NOW_NANO_TIME - 400_000, start("1800000000000100000"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "soon",
        "-1",
        "9999999999999999999",
        "1800000001000000000",
        "1700000000000000000"
      })
  void implausibleTimeIsReplacedByTheProcesssOwn(String value) {
    long start =
        StartTime.nanoTime(Map.of(StartTime.VARIABLE, value), Instant.now(), System.nanoTime());

    assertTrue(start < System.nanoTime());
    assertEquals(StartTime.nanoTime(Map.of(), NOW, NOW_NANO_TIME), start(value));
  }
}
