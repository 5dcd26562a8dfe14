package org.vivarium.images.qcow2;

import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Counts accesses in progress, so that a host cluster is used again only after every access that
 * may still hold its offset has ended.
 *
 * <p>An access belongs to the epoch in which it began; two counters serve the even and the odd
 * epochs. {@link #advance()} starts a new epoch; once {@link #drained()} the accesses of the epochs
 * before it have ended. {@link #enter()} and {@link #exit} are lock-free and allocate nothing.
 */
final class InFlight {
  /** Distance of the two counters in ints, so that they do not share a cache line. */
  private static final int STRIDE = 32;

  private final AtomicLong epoch = new AtomicLong();
  private final AtomicIntegerArray counts = new AtomicIntegerArray(STRIDE * 2);

  private static int slot(long epoch) {
    return (int) (epoch & 1) * STRIDE;
  }

  /** Begins an access. */
  long enter() {
    while (true) {
      long now = epoch.get();
      counts.getAndIncrement(slot(now));
      // Seen again: whoever advances the epoch from now on finds this access counted.
      if (epoch.get() == now) {
        return now;
      }
      counts.getAndDecrement(slot(now));
    }
  }

  /** Ends the access that {@link #enter()} began with that token. */
  void exit(long token) {
    counts.getAndDecrement(slot(token));
  }

  /** Starts a new epoch. Only when {@link #drained()}, and by one thread at a time. */
  void advance() {
    epoch.incrementAndGet();
  }

  /** Whether no access of an epoch before the present one is in progress. */
  boolean drained() {
    return counts.get(slot(epoch.get() + 1)) == 0;
  }
}
