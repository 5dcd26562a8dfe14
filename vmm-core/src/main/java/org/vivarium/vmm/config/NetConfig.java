package org.vivarium.vmm.config;

import java.util.regex.Pattern;
import org.vivarium.vmm.InvalidConfigException;

/**
 * A virtio-net card.
 *
 * @param id what commands call it, unique in its machine
 * @param backend what it is plugged into
 * @param mac its address, six hexadecimal bytes between colons, unicast
 * @param linkUp whether its link is up from the start
 * @param limit how much it may do in a second, in each direction
 */
public record NetConfig(
    String id, NetBackend backend, String mac, boolean linkUp, RateLimit limit) {
  private static final Pattern MAC = Pattern.compile("[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}");
  private static final long GROUP = 1L << 40;

  /** A card whose link is up, without a limit. */
  public static NetConfig of(String id, NetBackend backend, String mac)
      throws InvalidConfigException {
    NetConfig card = new NetConfig(id, backend, mac, true, RateLimit.NONE);
    card.check();
    return card;
  }

  /** A copy with another limit. */
  public NetConfig withLimit(RateLimit other) {
    return new NetConfig(id, backend, mac, linkUp, other);
  }

  /** A copy with its link up or down. */
  public NetConfig withLink(boolean up) {
    return new NetConfig(id, backend, mac, up, limit);
  }

  /**
   * The address as a number of 48 bits, its first byte highest.
   *
   * @throws InvalidConfigException if it is none, or not one card's
   */
  public long macBits() throws InvalidConfigException {
    if (!MAC.matcher(mac).matches()) {
      throw new InvalidConfigException(
          "Network card %s: the address \"%s\" is not six hexadecimal bytes such as 52:54:00:12:34:56."
              .formatted(id, mac));
    }
    long bits = Long.parseLong(mac.replace(":", ""), 16);
    if (bits == 0 || (bits & GROUP) != 0) {
      throw new InvalidConfigException(
          "Network card %s: the address %s is not one card's; choose one whose first byte is even."
              .formatted(id, mac));
    }
    return bits;
  }

  /**
   * Checks the fields; looks at nothing on the host.
   *
   * @throws InvalidConfigException naming the field, what was found and what is allowed
   */
  public void check() throws InvalidConfigException {
    DeviceSet.checkId("Network card", id);
    macBits();
    backend.check();
    limit.check();
  }
}
