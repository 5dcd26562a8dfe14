package org.vivarium.app.desktop.base;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class UnitsTest {
  @Test
  void bytesHaveThreeSignificantDigits() {
    assertEquals("0 B", Units.bytes(0));
    assertEquals("143 MiB", Units.bytes(143L << 20));
    assertEquals("1.50 GiB", Units.bytes(1536L << 20));
    assertEquals("0.98 KiB", Units.bytes(1000));
  }

  @Test
  void sharesArePercentOfOneProcessor() {
    assertEquals("0 %", Units.percent(0));
    assertEquals("1.5 %", Units.percent(0.015));
    assertEquals("240 %", Units.percent(2.4));
  }

  @Test
  void timesHaveTheUnitThatFits() {
    assertEquals("1.2 ms", Units.nanos(1_234_567));
    assertEquals("841 ms", Units.nanos(841_000_000));
    assertEquals("1.19 s", Units.nanos(1_194_000_000));
    assertEquals("2 d 01:00:05", Units.clock(Duration.ofSeconds(2 * 86_400 + 3605)));
  }
}
