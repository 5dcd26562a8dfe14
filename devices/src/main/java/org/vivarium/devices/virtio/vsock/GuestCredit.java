package org.vivarium.devices.virtio.vsock;

/** How much the guest has room for (VIRTIO 1.2, 5.10.6.3). Counts are mod 2^32. */
final class GuestCredit {
  private int sent;
  private int size;
  private int forwarded;

  /** Takes what a packet of the guest says of its buffer, whatever that is. */
  void update(VsockHeader header) {
    size = header.bufferSize;
    forwarded = header.forwarded;
  }

  /** So many bytes were sent. */
  void spend(long bytes) {
    sent += (int) bytes;
  }

  /** Bytes that may be sent, not negative. */
  long available() {
    return Math.max(0, Integer.toUnsignedLong(size) - Integer.toUnsignedLong(sent - forwarded));
  }
}
