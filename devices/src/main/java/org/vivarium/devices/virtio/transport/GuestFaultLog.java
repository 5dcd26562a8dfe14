package org.vivarium.devices.virtio.transport;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Says what a guest did wrong, a few times: a guest decides how often, so the log would be its to
 * flood. Any thread.
 */
public final class GuestFaultLog {
  private static final Logger LOG = LoggerFactory.getLogger(GuestFaultLog.class);
  private static final int MESSAGES = 16;
  private static final long WINDOW_NANOS = 60_000_000_000L;

  private final String device;
  private long windowStart = System.nanoTime();
  private int inWindow;

  /**
   * @param device name of the device, for the log
   */
  public GuestFaultLog(String device) {
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
      LOG.warn("{}: {}", device, sentence);
    } else if (inWindow == MESSAGES + 1) {
      LOG.warn("{}: Further faults of the guest are not logged for a minute", device);
    }
  }
}
