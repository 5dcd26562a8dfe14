package org.vivarium.devices.virtio.net;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Feature bits and the configuration space of virtio-net (VIRTIO 1.2, 5.1.3 and 5.1.4). */
public final class NetLayout {
  /** The device takes frames with partial checksums. */
  public static final long VIRTIO_NET_F_CSUM = 1L;

  /** The driver takes frames with partial checksums. */
  public static final long VIRTIO_NET_F_GUEST_CSUM = 1L << 1;

  /** The device tells the driver an MTU. */
  public static final long VIRTIO_NET_F_MTU = 1L << 3;

  /** The device has a given MAC address. */
  public static final long VIRTIO_NET_F_MAC = 1L << 5;

  /** The driver takes unsegmented TCP over IPv4. */
  public static final long VIRTIO_NET_F_GUEST_TSO4 = 1L << 7;

  /** The driver takes unsegmented TCP over IPv6. */
  public static final long VIRTIO_NET_F_GUEST_TSO6 = 1L << 8;

  /** The device takes unsegmented TCP over IPv4. */
  public static final long VIRTIO_NET_F_HOST_TSO4 = 1L << 11;

  /** The device takes unsegmented TCP over IPv6. */
  public static final long VIRTIO_NET_F_HOST_TSO6 = 1L << 12;

  /** The driver merges receive buffers. */
  public static final long VIRTIO_NET_F_MRG_RXBUF = 1L << 15;

  /** The configuration space has the link's status. */
  public static final long VIRTIO_NET_F_STATUS = 1L << 16;

  /** There is a control queue. */
  public static final long VIRTIO_NET_F_CTRL_VQ = 1L << 17;

  /** The driver can say which frames it wants. */
  public static final long VIRTIO_NET_F_CTRL_RX = 1L << 18;

  /** There are several pairs of queues. */
  public static final long VIRTIO_NET_F_MQ = 1L << 22;

  static final long TO_DEVICE = VIRTIO_NET_F_CSUM | VIRTIO_NET_F_HOST_TSO4 | VIRTIO_NET_F_HOST_TSO6;
  static final long TO_DRIVER =
      VIRTIO_NET_F_GUEST_CSUM | VIRTIO_NET_F_GUEST_TSO4 | VIRTIO_NET_F_GUEST_TSO6;

  private static final int STATUS_LINK_UP = 1;
  private static final int CONFIG_BYTES = 12;
  private static final int MAC_BYTES = 6;

  private NetLayout() {}

  /** struct virtio_net_config up to mtu. */
  static byte[] configuration(NetConfig config, int pairs, boolean linkUp) {
    ByteBuffer out = ByteBuffer.allocate(CONFIG_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < MAC_BYTES; i++) {
      out.put((byte) (config.mac() >>> (8 * (MAC_BYTES - 1 - i))));
    }
    out.putShort((short) (linkUp ? STATUS_LINK_UP : 0)).putShort((short) pairs);
    out.putShort((short) config.mtu());
    return out.array();
  }
}
