package org.vivarium.kvm;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;

/** Counts the bytes that a loop allocates once the compiler has seen enough of it. */
final class Allocation {
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private static final long PATIENCE_NANOS = 30_000_000_000L;

  /** One round of the loop; what it returns keeps the compiler from leaving it out. */
  interface Round {
    long run() throws Exception;
  }

  private Allocation() {}

  /**
   * Repeats {@code round} until it allocates nothing, for as long as a slow compiler may need:
   * until then the native call's own checks make short-lived objects.
   *
   * @return bytes that the last round allocated
   */
  static long afterWarmUp(Round round) throws Exception {
    long allocated = Long.MAX_VALUE;
    long start = System.nanoTime();
    while (allocated != 0 && System.nanoTime() - start < PATIENCE_NANOS) {
      long before = THREADS.getCurrentThreadAllocatedBytes();
      round.run();
      allocated = THREADS.getCurrentThreadAllocatedBytes() - before;
    }
    return allocated;
  }
}
