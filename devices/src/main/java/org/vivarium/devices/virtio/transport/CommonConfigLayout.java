package org.vivarium.devices.virtio.transport;

/** Offsets in struct virtio_pci_common_cfg (VIRTIO 1.2, 4.1.4.3). */
final class CommonConfigLayout {
  static final int DEVICE_FEATURE_SELECT = 0;
  static final int DEVICE_FEATURE = 4;
  static final int DRIVER_FEATURE_SELECT = 8;
  static final int DRIVER_FEATURE = 12;
  static final int CONFIG_MSIX_VECTOR = 16;
  static final int NUM_QUEUES = 18;
  static final int DEVICE_STATUS = 20;
  static final int CONFIG_GENERATION = 21;
  static final int QUEUE_SELECT = 22;
  static final int QUEUE_SIZE = 24;
  static final int QUEUE_MSIX_VECTOR = 26;
  static final int QUEUE_ENABLE = 28;
  static final int QUEUE_NOTIFY_OFF = 30;
  static final int QUEUE_DESC = 32;
  static final int QUEUE_DRIVER = 40;
  static final int QUEUE_DEVICE = 48;

  /** Bytes, queue_notify_data and queue_reset included, which read 0: neither is offered. */
  static final int LENGTH = 60;

  private CommonConfigLayout() {}
}
