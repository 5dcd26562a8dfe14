package org.vivarium.devices.virtio.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** What is learned of drivers that add a chain every so often, as long as they may. */
class GatheringTest {
  private static final int SIZE = 256;
  private static final long PACE = 5_000;

  private final Gathering gathering = new Gathering(SIZE);
  private long now = 1_000_000_000_000L;
  private int awaited = 1;
  private int turns;
  private int late;
  private long waitedInVain;

  /** Lets a driver with so many requests at a time make this number of them. */
  private void drive(int depth, int requests, long pace) {
    turns = 0;
    late = 0;
    waitedInVain = 0;
    for (int made = 0; made < requests; ) {
      boolean enough = awaited <= depth;
      int taken = Math.min(awaited, depth);
      now += taken * pace;
      if (!enough) {
        now += gathering.waitNanos();
        waitedInVain += gathering.waitNanos();
        late++;
      }
      turns++;
      made += taken;
      awaited = gathering.turnEnded(taken, !enough, false, now);
    }
  }

  @Test
  void driverWithManyRequestsGathersThem() {
    drive(32, 1000, PACE);

    assertEquals(0, late);

    drive(32, 100_000, PACE);

    assertEquals(0, late);
    assertEquals(Gathering.MOST, 100_000.0 / turns, 1);
  }

  @Test
  void halfOfWhatADriverHasIsAwaited() {
    drive(8, 1000, PACE);
    drive(8, 100_000, PACE);

    assertEquals(4, 100_000.0 / turns, 0.1);
    assertTrue(waitedInVain < 100_000 * PACE / 100);
  }

  @Test
  void driverThatWaitsForEachRequestIsServedAtOnce() {
    drive(1, 10_000, PACE);
    drive(1, 100_000, PACE);

    assertEquals(100_000, turns);
    assertTrue(waitedInVain < 100_000 * PACE / 100);
  }

  @Test
  void waitEndsSoonWhenADriverHasFewerAllOfASudden() {
    drive(32, 1000, PACE);
    drive(1, 5, PACE);
    drive(1, 50, PACE);

    assertEquals(0, late);
    assertEquals(1, awaited);
  }

  @Test
  void slowDriverIsServedAtOnce() {
    drive(32, 1000, 200_000);

    assertEquals(1000, turns);
    assertEquals(0, late);
  }

  @Test
  void nothingIsGatheredWhileRequestsAreInFlight() {
    drive(32, 1000, PACE);

    int busy = gathering.turnEnded(16, false, true, now += PACE);
    int idle = gathering.turnEnded(1, false, false, now += PACE);

    assertEquals(1, busy);
    assertEquals(Gathering.MOST, idle);
  }

  @Test
  void driverThatStopsIsHeardAtOnceAndRemembered() {
    drive(32, 1000, PACE);

    int resting = gathering.turnEnded(0, true, false, now += PACE);
    int again = gathering.turnEnded(1, false, false, now += PACE);

    assertEquals(1, resting);
    assertEquals(Gathering.MOST, again);
  }

  @Test
  void nothingIsPresumedAfterARest() {
    drive(32, 1000, PACE);

    now += 20_000_000;
    int awake = gathering.turnEnded(1, false, false, now);

    assertEquals(1, awake);
  }

  @Test
  void waitIsBounded() {
    drive(32, 1000, 90_000);

    assertTrue(awaited > 1);
    assertTrue(gathering.waitNanos() <= 2_000_000);
  }

  @Test
  void smallQueueGathersNothing() {
    Gathering small = new Gathering(8);
    int most = 1;
    for (int i = 0; i < 10_000; i++) {
      most = Math.max(most, small.turnEnded(1, false, false, now += PACE));
    }

    assertEquals(1, most);
  }
}
