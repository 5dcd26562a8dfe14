package org.vivarium.devices.virtio.net;

/**
 * What a network card looks like to the guest.
 *
 * @param mac MAC address, the first byte highest, 48 bits, an individual address
 * @param mtu largest packet without the Ethernet header that the guest should send, 68 to 65535
 * @param queueSize largest size of a queue, a power of two from 16 to 1024
 * @param anyMac whether the guest may send frames from other addresses (a bridge in the guest); if
 *     not, they are dropped
 */
public record NetConfig(long mac, int mtu, int queueSize, boolean anyMac) {
  /** Checks the ranges. */
  public NetConfig {
    if (mac < 0 || mac >= 1L << 48 || (mac & (1L << 40)) != 0 || mac == 0) {
      throw new IllegalArgumentException(
          "Network mac " + Long.toHexString(mac) + " is not an individual MAC address");
    }
    if (mtu < 68 || mtu > 65535) {
      throw new IllegalArgumentException("Network mtu " + mtu + " is not from 68 to 65535");
    }
    if (queueSize < 16 || queueSize > 1024 || Integer.bitCount(queueSize) != 1) {
      throw new IllegalArgumentException(
          "Network queueSize " + queueSize + " is no power of two from 16 to 1024");
    }
  }

  /** A card with this address and MTU, with queues of 256. */
  public static NetConfig of(long mac, int mtu) {
    return new NetConfig(mac, mtu, 256, false);
  }
}
