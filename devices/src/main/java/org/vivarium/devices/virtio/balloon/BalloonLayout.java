package org.vivarium.devices.virtio.balloon;

/** Feature bits, configuration space and statistics of virtio-balloon (VIRTIO 1.2, 5.5). */
final class BalloonLayout {
  static final long VIRTIO_BALLOON_F_STATS_VQ = 1L << 1;
  static final long VIRTIO_BALLOON_F_DEFLATE_ON_OOM = 1L << 2;
  static final long VIRTIO_BALLOON_F_PAGE_POISON = 1L << 4;
  static final long VIRTIO_BALLOON_F_PAGE_REPORTING = 1L << 5;

  /** Bytes of a page of the balloon, whatever the guest's own are (5.5.6). */
  static final int PAGE = 4096;

  /** Offset of num_pages, the size that the host wants. */
  static final int NUM_PAGES = 0;

  /** Offset of actual, the size that the driver has reached. */
  static final int ACTUAL = 4;

  /** Offset of poison_val, what the guest fills free pages with. */
  static final int POISON_VAL = 12;

  static final int CONFIG_BYTES = 16;

  /** Bytes of a page number in the inflate and deflate queues. */
  static final int PFN_BYTES = 4;

  /** Bytes of a tag and a value in the statistics queue. */
  static final int STATISTIC_BYTES = 10;

  private BalloonLayout() {}
}
