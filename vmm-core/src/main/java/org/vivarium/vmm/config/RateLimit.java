package org.vivarium.vmm.config;

import org.vivarium.vmm.InvalidConfigException;

/**
 * How much a disk or a network card may do in a second.
 *
 * @param bytesPerSecond bytes moved in either direction; 0: as many as the host can
 * @param operationsPerSecond requests or frames; 0: as many as the host can
 */
public record RateLimit(long bytesPerSecond, long operationsPerSecond) {
  /** No limit. */
  public static final RateLimit NONE = new RateLimit(0, 0);

  /**
   * Checks the fields and makes the record.
   *
   * @throws InvalidConfigException naming the field, what was found and what is allowed
   */
  public static RateLimit of(long bytesPerSecond, long operationsPerSecond)
      throws InvalidConfigException {
    RateLimit limit = new RateLimit(bytesPerSecond, operationsPerSecond);
    limit.check();
    return limit;
  }

  /** Checks the fields, as {@link #of} does. */
  void check() throws InvalidConfigException {
    if (bytesPerSecond < 0 || operationsPerSecond < 0) {
      throw new InvalidConfigException(
          "Limit: %d bytes and %d operations a second are not possible; choose 0 (none) or more."
              .formatted(bytesPerSecond, operationsPerSecond));
    }
  }
}
