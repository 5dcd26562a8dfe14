package org.vivarium.devices.virtio.blk;

/**
 * Whether the I/O thread waits for the writes that it hands to the kernel, learned from how long
 * they take.
 *
 * <p>The kernel gives a write through the page cache to a thread of its own, however short it is,
 * and each completion would wake the I/O thread by itself. Waiting for all of a batch in the call
 * that hands it over wakes it once. Meanwhile the thread serves nobody, so the time is about what
 * the page cache takes; where writes take longer, waiting is soon tried only once in a thousand
 * batches. Reads are not waited for: what the page cache has is read in the call itself.
 *
 * <p>On the I/O thread; allocates nothing.
 */
final class CompletionWait {
  private static final long NANOS = 50_000;
  private static final long NANOS_EACH = 10_000;
  private static final int MOST = 32;

  /** Copying more takes longer than anybody should wait. */
  private static final long MOST_BYTES = 256 << 10;

  private static final int LONGEST_PAUSE = 1024;

  /** Batches that are not waited for, before the next one is. */
  private int left;

  /** The same after the next wait in vain. */
  private int pause = 1;

  /**
   * How many completions to await with a batch.
   *
   * @param writes in the batch
   * @param bytes of all these writes
   */
  int awaited(int writes, long bytes) {
    if (writes == 0 || bytes > MOST_BYTES) {
      return 0;
    }
    if (left > 0) {
      left--;
      return 0;
    }
    return Math.min(writes, MOST);
  }

  /** For how long, in nanoseconds. */
  static long nanos(int awaited) {
    return NANOS + awaited * NANOS_EACH;
  }

  /**
   * A wait has ended.
   *
   * @param all whether what was awaited came within the time
   */
  void ended(boolean all) {
    if (all) {
      pause = Math.max(1, pause / 2);
    } else {
      left = pause;
      pause = Math.min(2 * pause, LONGEST_PAUSE);
    }
  }
}
