package org.vivarium.devices.virtio.transport;

/**
 * How many chains a driver gathers before it notifies the device, learned from what it does.
 *
 * <p>A notification wakes the device's thread, and each turn of the device costs system calls and
 * an interrupt. A driver that keeps many requests in flight loses nothing if they come in batches;
 * one that waits for each must be served at once. Which of the two it is shows now and then, by a
 * probe: the device awaits more chains, for a bounded time, and sees whether they come. What is
 * awaited always is half of what came, so that driver and device both have something to do.
 *
 * <p>The time is half as long again as the chains need at the pace of those before. So the end of a
 * burst waits about as long as the burst's last batch took, and a driver that waits for each
 * request loses that time once in thousands. After a rest nothing is presumed.
 *
 * <p>On the loop's thread; allocates nothing.
 */
final class Gathering {
  /** Chains awaited at most. With more the device's share of the costs is small already. */
  static final int MOST = 16;

  /** A driver slower than that, in nanoseconds for each chain, is served at once. */
  private static final long SLOWEST_PACE = 100_000;

  private static final long LONGEST_WAIT_NANOS = 2_000_000;

  /** What it takes to wake this thread, which the pace does not tell of. */
  private static final long SHORTEST_WAIT_NANOS = 20_000;

  /** Chains until the next probe, after one that did not fail. */
  private static final int SHORTEST_HOLD = 128;

  /** The same after many that failed, or where no more is to be had. */
  private static final int LONGEST_HOLD = 4096;

  /** After a rest so long somebody else may be at work in the guest. */
  private static final long REST_NANOS = 10_000_000;

  /** Weight of the pace until now, beside a turn's. */
  private static final int MEMORY = 7;

  private final int most;
  private int awaited = 1;
  private boolean probing;

  /** What came within the time, of late. */
  private int proven = 1;

  /** Chains until the next probe if somebody waits in vain. */
  private int hold = SHORTEST_HOLD;

  private int untilProbe = SHORTEST_HOLD;

  /** Nanoseconds for each chain, on average. */
  private long pace = 2 * SLOWEST_PACE;

  private long lastTurn;

  /**
   * @param queueSize descriptors of the queue, of which a chain may need a few
   */
  Gathering(int queueSize) {
    this.most = Math.clamp(queueSize / 8, 1, MOST);
  }

  /**
   * A turn has served all that was available.
   *
   * @param taken chains of this turn
   * @param late whether the time had passed, rather than the driver notified
   * @param busy whether requests are in flight: their completions wake the device anyway, and a
   *     disk that takes its time must get more work at once
   * @param now by a clock in nanoseconds
   * @return how many chains to await now, from 1 up
   */
  int turnEnded(int taken, boolean late, boolean busy, long now) {
    if (taken > 0) {
      long elapsed = now - lastTurn;
      lastTurn = now;
      if (elapsed > REST_NANOS) {
        proven = 1;
        hold = SHORTEST_HOLD;
        untilProbe = hold;
      } else {
        pace = (MEMORY * pace + elapsed / taken) / (MEMORY + 1);
      }
      learn(taken, late);
    }
    probing = false;
    if (busy || pace > SLOWEST_PACE || (late && taken == 0)) {
      awaited = 1;
    } else if (untilProbe <= 0 && most > 1) {
      probing = true;
      awaited = Math.min(2 * proven, 2 * most);
    } else {
      awaited = Math.clamp(proven / 2, 1, most);
    }
    return awaited;
  }

  private void learn(int taken, boolean late) {
    if (taken < awaited) {
      untilProbe -= taken;
      if (late) {
        // The driver had no more to give: somebody waited in vain.
        hold = probing ? Math.min(2 * hold, LONGEST_HOLD) : hold;
        proven = taken;
        untilProbe = hold;
      }
    } else if (probing) {
      proven = awaited;
      hold = SHORTEST_HOLD;
      untilProbe = proven < 2 * most ? 0 : LONGEST_HOLD;
    } else {
      untilProbe -= taken;
    }
  }

  /** How long to await what {@link #turnEnded} said, in nanoseconds, where that is above 1. */
  long waitNanos() {
    return Math.min(LONGEST_WAIT_NANOS, SHORTEST_WAIT_NANOS + awaited * (pace + pace / 2));
  }
}
