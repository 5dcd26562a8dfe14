package org.vivarium.devices.virtio.blk;

import java.nio.charset.StandardCharsets;
import org.vivarium.devices.virtio.queue.VirtqueueConfig;

/**
 * What a disk looks like to the guest.
 *
 * @param serial what VIRTIO_BLK_T_GET_ID answers: up to 20 ASCII characters
 * @param readOnly whether the guest is told that it cannot write; true in any case for a read-only
 *     image
 * @param queues request queues, 1 to 64
 * @param queueSize largest size of a queue, a power of two from 4 to 1024
 * @param workers threads that execute requests, 1 to 64
 */
public record BlkConfig(String serial, boolean readOnly, int queues, int queueSize, int workers) {
  /** Bytes of an identification (VIRTIO 1.2, 5.2.6.1). */
  static final int ID_BYTES = 20;

  /** Checks the ranges. */
  public BlkConfig {
    if (serial.length() > ID_BYTES || !StandardCharsets.US_ASCII.newEncoder().canEncode(serial)) {
      throw new IllegalArgumentException(
          "Disk serial \"" + serial + "\" is not up to 20 ASCII characters");
    }
    check("queues", queues, 1, 64);
    check("queueSize", queueSize, 4, 1024);
    check("workers", workers, 1, 64);
    if (Integer.bitCount(queueSize) != 1 || queueSize > VirtqueueConfig.LARGEST_SIZE) {
      throw new IllegalArgumentException("Disk queueSize " + queueSize + " is no power of two");
    }
  }

  /** One queue of 256 requests and four workers. */
  public static BlkConfig of(String serial) {
    return new BlkConfig(serial, false, 1, 256, 4);
  }

  private static void check(String field, int value, int least, int most) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(
          "Disk %s %d is not from %d to %d".formatted(field, value, least, most));
    }
  }
}
