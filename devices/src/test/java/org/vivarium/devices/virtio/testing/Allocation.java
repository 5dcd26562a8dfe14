package org.vivarium.devices.virtio.testing;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;

/** Counts what the current thread allocates on the heap. */
public final class Allocation {
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private Allocation() {}

  /**
   * Bytes that the current thread allocated during {@code rounds} runs, after as many to warm up.
   */
  public static long during(int rounds, Runnable action) {
    for (int i = 0; i < rounds; i++) {
      action.run();
    }
    long before = THREADS.getCurrentThreadAllocatedBytes();
    for (int i = 0; i < rounds; i++) {
      action.run();
    }
    long after = THREADS.getCurrentThreadAllocatedBytes();
    return after - before - overhead();
  }

  /** What reading the counter itself costs. */
  private static long overhead() {
    long before = THREADS.getCurrentThreadAllocatedBytes();
    return THREADS.getCurrentThreadAllocatedBytes() - before;
  }
}
