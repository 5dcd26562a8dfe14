package org.vivarium.devices.virtio.testing;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;

/** Counts what the current thread allocates on the heap. */
public final class Allocation {
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private static final long PATIENCE_NANOS = 30_000_000_000L;

  private Allocation() {}

  /**
   * Bytes that a batch of {@code rounds} runs allocates once the code is warm: the least of several
   * batches. What the interpreter allocates, before a call into the kernel is compiled, is not the
   * code's; on a busy computer the compiler takes its time.
   */
  public static long during(int rounds, Runnable action) {
    return during(rounds, action, Thread.currentThread().threadId());
  }

  /** The same for what another thread allocates meanwhile. */
  public static long during(int rounds, Runnable action, long threadId) {
    long least = Long.MAX_VALUE;
    long start = System.nanoTime();
    while (least > 0 && System.nanoTime() - start < PATIENCE_NANOS) {
      long before = THREADS.getThreadAllocatedBytes(threadId);
      for (int i = 0; i < rounds; i++) {
        action.run();
      }
      long after = THREADS.getThreadAllocatedBytes(threadId);
      least = Math.min(least, after - before - overhead(threadId));
    }
    return least;
  }

  /** What reading the counter itself costs. */
  private static long overhead(long threadId) {
    long before = THREADS.getThreadAllocatedBytes(threadId);
    return THREADS.getThreadAllocatedBytes(threadId) - before;
  }
}
