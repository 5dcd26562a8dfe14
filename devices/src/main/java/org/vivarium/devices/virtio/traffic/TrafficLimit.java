package org.vivarium.devices.virtio.traffic;

/**
 * How much may be moved in a second.
 *
 * @param bytesPerSecond 0: as many as the host can
 * @param operationsPerSecond requests or frames; 0: as many as the host can
 */
public record TrafficLimit(long bytesPerSecond, long operationsPerSecond) {
  /** No limit. */
  public static final TrafficLimit NONE = new TrafficLimit(0, 0);

  /** Checks the ranges. */
  public TrafficLimit {
    if (bytesPerSecond < 0 || operationsPerSecond < 0) {
      throw new IllegalArgumentException(
          "A limit of %d bytes and %d operations a second is not possible"
              .formatted(bytesPerSecond, operationsPerSecond));
    }
  }
}
