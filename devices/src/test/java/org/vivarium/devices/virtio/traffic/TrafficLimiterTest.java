package org.vivarium.devices.virtio.traffic;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.vivarium.devices.virtio.testing.Allocation;
import org.vivarium.devices.virtio.testing.ManualLoop;
import org.vivarium.kvm.KvmException;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
class TrafficLimiterTest {
  private static final long SECOND = 1_000_000_000L;

  private final ManualLoop loop = new ManualLoop();
  private long now = 5 * SECOND;
  private int resumed;
  private final TrafficLimiter limiter = new TrafficLimiter(loop, () -> resumed++, () -> now);

  @AfterEach
  void close() {
    limiter.close();
    loop.run();
    assertEquals(0, loop.watched());
  }

  @Test
  void withoutALimitNothingIsBlocked() {
    for (int i = 0; i < 1000; i++) {
      limiter.spend(1L << 40);
    }

    assertFalse(limiter.blocked());
    assertEquals(0, loop.watched());
  }

  @Test
  void bytesOfASecondAreWhatTheLimitAllows() throws KvmException {
    limit(1_000_000, 0);
    long start = now;
    long moved = 0;
    while (now - start < 10 * SECOND) {
      while (!limiter.blocked()) {
        limiter.spend(4096);
        moved += 4096;
      }
      now += SECOND / 1000;
    }

    assertEquals(10_100_000, moved, 8192);
  }

  @Test
  void operationsOfASecondAreWhatTheLimitAllows() throws KvmException {
    limit(0, 200);
    long start = now;
    int done = 0;
    while (now - start < 10 * SECOND) {
      while (!limiter.blocked()) {
        limiter.spend(1 << 20);
        done++;
      }
      now += SECOND / 1000;
    }

    assertEquals(2020, done, 2);
  }

  @Test
  void requestLargerThanTheBucketPassesAndIsPaidForAfterwards() throws KvmException {
    limit(1000, 0);
    boolean before = limiter.blocked();
    limiter.spend(10_000);
    now += 9 * SECOND;
    boolean inDebt = limiter.blocked();
    now += 2 * SECOND;

    assertFalse(before);
    assertTrue(inDebt);
    assertFalse(limiter.blocked());
  }

  @Test
  void idleTimeSavesATenthOfASecondAtMost() throws KvmException {
    limit(0, 1000);
    now += 100_000 * SECOND;
    int done = 0;
    while (!limiter.blocked()) {
      limiter.spend(1);
      done++;
    }

    assertEquals(100, done);
  }

  @Test
  void timerResumesWhoWasBlockedOnce() throws KvmException {
    limit(0, 1000);
    limiter.spend(0);
    while (!limiter.blocked()) {
      limiter.spend(1);
    }
    limiter.blocked();
    while (resumed == 0) {
      loop.turn();
      Thread.onSpinWait();
    }
    loop.run();

    assertEquals(1, resumed);
  }

  @Test
  void newLimitHoldsAtOnceAndWakesWhoWaits() throws KvmException {
    limit(0, 1);
    limiter.spend(1);
    boolean blocked = limiter.blocked();

    limit(0, 1_000_000);

    assertTrue(blocked);
    assertEquals(1, resumed);
    assertFalse(limiter.blocked());
  }

  @Test
  void extremeLimitsAndAClockThatStandsStillAreBorne() throws KvmException {
    limit(Long.MAX_VALUE, Long.MAX_VALUE);
    limiter.spend(Long.MAX_VALUE);
    limiter.blocked();
    now += Long.MAX_VALUE / 2;
    assertFalse(limiter.blocked());
    limit(1, 1);
    limiter.spend(Long.MAX_VALUE);
    assertTrue(limiter.blocked());
    now -= SECOND;
    assertTrue(limiter.blocked());
    assertThrows(IllegalArgumentException.class, () -> new TrafficLimit(-1, 0));
    assertThrows(IllegalArgumentException.class, () -> new TrafficLimit(0, -1));
  }

  @Test
  void askingAndSpendingAllocateNothing() throws KvmException {
    limit(1_000_000, 1000);
    TrafficCounters counters = new TrafficCounters();
    Runnable round =
        () -> {
          now += SECOND / 2000;
          if (!limiter.blocked()) {
            limiter.spend(100);
            counters.in(100);
          }
        };

    assertEquals(0, Allocation.during(2_000, round));
  }

  private void limit(long bytes, long operations) throws KvmException {
    limiter.setLimit(new TrafficLimit(bytes, operations));
    loop.run();
  }
}
