package org.vivarium.devices.virtio.traffic;

/**
 * Tokens that come at a steady rate and are kept up to a tenth of a second's worth.
 *
 * <p>Tokens are spent after the fact: whoever finds some left may spend any number, and the next
 * waits until the debt is paid. So one request larger than the bucket passes, and the rate holds in
 * the long run. Not thread-safe; allocates nothing.
 */
final class TokenBucket {
  private static final double NANOS_PER_SECOND = 1e9;
  private static final long BURST_PARTS = 10;

  private long rate;
  private double tokens;
  private long filledAt;

  /**
   * Changes the rate; the bucket is full then.
   *
   * @param perSecond tokens, 0 for no limit
   */
  void setRate(long perSecond, long nowNanos) {
    rate = perSecond;
    tokens = burst();
    filledAt = nowNanos;
  }

  private double burst() {
    return Math.max(1, (double) rate / BURST_PARTS);
  }

  /** How long until there is a token, nanoseconds; 0 if there is one. */
  long waitNanos(long nowNanos) {
    if (rate == 0) {
      return 0;
    }
    double earned = (double) Math.max(0, nowNanos - filledAt) * rate / NANOS_PER_SECOND;
    tokens = Math.min(burst(), tokens + earned);
    filledAt = nowNanos;
    return tokens >= 1 ? 0 : 1 + (long) ((1 - tokens) / rate * NANOS_PER_SECOND);
  }

  /** Spends tokens, more than there are if need be. */
  void spend(long count) {
    if (rate != 0) {
      tokens -= count;
    }
  }
}
