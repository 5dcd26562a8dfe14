package org.vivarium.devices.virtio.transport;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A log for what a guest can provoke, faults of its own or of the host: it says so a few times,
 * then keeps quiet for a while, so that the log is not the guest's to flood. Any thread.
 */
public final class RateLimitedLog {
  /** Made when first needed: the start of the logging system would hold up a machine's. */
  private static final class Log {
    static final Logger LOG = LoggerFactory.getLogger(RateLimitedLog.class);
  }

  private static final int MESSAGES = 16;
  private static final long WINDOW_NANOS = 60_000_000_000L;

  private final String device;
  private long windowStart = System.nanoTime();
  private int inWindow;

  /**
   * @param device name of the device, for the log
   */
  public RateLimitedLog(String device) {
    this.device = device;
  }

  /** Logs one sentence, unless there were too many within the last minute. */
  public synchronized void report(String sentence) {
    long now = System.nanoTime();
    if (now - windowStart > WINDOW_NANOS) {
      windowStart = now;
      inWindow = 0;
    }
    inWindow++;
    if (inWindow <= MESSAGES) {
      Log.LOG.warn("{}: {}", device, sentence);
    } else if (inWindow == MESSAGES + 1) {
      Log.LOG.warn("{}: More of this is not logged for a minute", device);
    }
  }
}
