package org.vivarium.vmm.process;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class SampleClockTest {
  private static final long NOON = 1_700_000_000_000L;
  private static final long HOURS = 6 * 3_600_000L;

  private long wall = NOON;
  private long nanos = Long.MAX_VALUE - 1_500_000_000L; // overflows soon, as nanoTime may
  private final SampleClock clock = new SampleClock(() -> wall, () -> nanos);

  private long afterASecond() {
    wall += 1_000;
    nanos += 1_000_000_000L;
    return clock.millis();
  }

  @Test
  void followsTheWallClock() {
    assertEquals(NOON + 1_000, afterASecond());
    assertEquals(NOON + 2_000, afterASecond());
  }

  @Test
  void goesOnWhenTheWallClockIsSetBack() {
    long before = afterASecond();
    wall -= HOURS;

    assertEquals(before + 1_000, afterASecond());
    assertEquals(before + 2_000, afterASecond());
  }

  @Test
  void jumpsForwardOnceAndKeepsItsPace() {
    wall += HOURS;

    assertEquals(NOON + HOURS + 1_000, afterASecond());
    wall -= HOURS;
    assertEquals(NOON + HOURS + 2_000, afterASecond());
  }

  @Test
  void fractionsOfMillisecondsAddUp() {
    wall -= HOURS;
    for (int i = 0; i < 10; i++) {
      nanos += 500_000L;
      clock.millis();
    }

    assertEquals(NOON + 5, clock.millis());
  }
}
