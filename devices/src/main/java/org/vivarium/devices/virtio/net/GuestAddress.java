package org.vivarium.devices.virtio.net;

import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * The IPv4 address that the guest says it has: the sender's of its last ARP packet (RFC 826). A
 * guest asks for its neighbours' addresses with one before it speaks IPv4 with them. It can lie, so
 * that this is for people to read. Learned on the I/O loop, without allocating; read on any thread.
 */
final class GuestAddress {
  private static final int TYPE = 12;
  private static final int ARP = 0x0806;

  /** Hardware and protocol: Ethernet (1) with 6 bytes, IPv4 (0x0800) with 4 bytes. */
  private static final int KIND = 14;

  private static final long ETHERNET_AND_IPV4 = 0x0001_0800_0604L;

  private static final int SENDER = 28;
  private static final int SHORTEST_FRAME = 42;

  private volatile int address;

  /**
   * Looks at a frame that the guest sends.
   *
   * @param frame big-endian, from position 0 to its limit
   */
  void learn(ByteBuffer frame) {
    if (frame.limit() >= SHORTEST_FRAME
        && Short.toUnsignedInt(frame.getShort(TYPE)) == ARP
        && frame.getLong(KIND) >>> Short.SIZE == ETHERNET_AND_IPV4) {
      int sender = frame.getInt(SENDER);
      // A guest that has no address yet asks with 0 whether one is taken (RFC 5227).
      if (sender != 0 && sender != address) {
        address = sender;
      }
    }
  }

  /** The address in dotted form; empty as long as the guest has not told one. */
  Optional<String> text() {
    int now = address;
    return now == 0
        ? Optional.empty()
        : Optional.of(
            "%d.%d.%d.%d".formatted(now >>> 24, now >>> 16 & 0xFF, now >>> 8 & 0xFF, now & 0xFF));
  }
}
