package org.vivarium.devices.virtio.transport;

/** The feature bits that belong to queues and transport, not to one device (VIRTIO 1.2, 6). */
public final class VirtioFeatures {
  /** VIRTIO_F_INDIRECT_DESC. */
  public static final long INDIRECT_DESC = 1L << 28;

  /** VIRTIO_F_EVENT_IDX. */
  public static final long EVENT_IDX = 1L << 29;

  /** VIRTIO_F_VERSION_1: not a legacy driver. */
  public static final long VERSION_1 = 1L << 32;

  /** What the transport offers besides the device's own features. */
  static final long TRANSPORT = INDIRECT_DESC | EVENT_IDX | VERSION_1;

  private VirtioFeatures() {}
}
