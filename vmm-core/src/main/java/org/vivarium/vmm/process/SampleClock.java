package org.vivarium.vmm.process;

import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * The times of samples: the host's wall clock, which may be set forward but is never seen to go
 * back, so that samples stay in order, and what happened between two of them is not divided by
 * nothing. One thread.
 */
final class SampleClock {
  private final LongSupplier wallMillis;
  private final LongSupplier nanoTime;
  private long lastMillis;
  private long lastNanos;

  /** A clock of this computer. */
  SampleClock() {
    this(System::currentTimeMillis, System::nanoTime);
  }

  /**
   * @param wallMillis milliseconds since 1970, which jump
   * @param nanoTime as {@link System#nanoTime}, which does not
   */
  SampleClock(LongSupplier wallMillis, LongSupplier nanoTime) {
    this.wallMillis = wallMillis;
    this.nanoTime = nanoTime;
    this.lastMillis = wallMillis.getAsLong();
    this.lastNanos = nanoTime.getAsLong();
  }

  /**
   * Milliseconds since 1970, or ahead of that for good by as much as the wall clock was set back.
   */
  long millis() {
    long passed = TimeUnit.NANOSECONDS.toMillis(nanoTime.getAsLong() - lastNanos);
    lastNanos += TimeUnit.MILLISECONDS.toNanos(passed);
    lastMillis = Math.max(wallMillis.getAsLong(), lastMillis + passed);
    return lastMillis;
  }
}
