package org.vivarium.devices.virtio.blk;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Constants and the configuration space of virtio-blk (VIRTIO 1.2, 5.2.3, 5.2.4 and 5.2.6). */
final class BlkLayout {
  static final long VIRTIO_BLK_F_SEG_MAX = 1L << 2;
  static final long VIRTIO_BLK_F_RO = 1L << 5;
  static final long VIRTIO_BLK_F_BLK_SIZE = 1L << 6;
  static final long VIRTIO_BLK_F_FLUSH = 1L << 9;
  static final long VIRTIO_BLK_F_TOPOLOGY = 1L << 10;
  static final long VIRTIO_BLK_F_MQ = 1L << 12;
  static final long VIRTIO_BLK_F_DISCARD = 1L << 13;
  static final long VIRTIO_BLK_F_WRITE_ZEROES = 1L << 14;

  static final long VIRTIO_BLK_T_IN = 0;
  static final long VIRTIO_BLK_T_OUT = 1;
  static final long VIRTIO_BLK_T_FLUSH = 4;
  static final long VIRTIO_BLK_T_GET_ID = 8;
  static final long VIRTIO_BLK_T_DISCARD = 11;
  static final long VIRTIO_BLK_T_WRITE_ZEROES = 13;

  static final int VIRTIO_BLK_S_OK = 0;
  static final int VIRTIO_BLK_S_IOERR = 1;
  static final int VIRTIO_BLK_S_UNSUPP = 2;

  /** Flag of a write-zeroes segment: the space may be given back. */
  static final long WRITE_ZEROES_UNMAP = 1;

  /** Unit of capacity, sector numbers and lengths, bytes. */
  static final int SECTOR = 512;

  /** Bytes of type, reserved and sector, before the data. */
  static final int HEADER_BYTES = 16;

  /** Bytes of one segment of a discard or write-zeroes request. */
  static final int SEGMENT_BYTES = 16;

  /** Most segments of one discard or write-zeroes request. */
  static final int MAX_SEGMENTS = 32;

  /** Most sectors of one segment: 1 GiB, so that no request keeps a worker for long. */
  static final int MAX_SEGMENT_SECTORS = 1 << 21;

  private static final int CONFIG_BYTES = 60;

  private BlkLayout() {}

  /** struct virtio_blk_config. */
  static byte[] configuration(long sizeBytes, int allocationUnit, BlkConfig config) {
    ByteBuffer out = ByteBuffer.allocate(CONFIG_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    int unit = Math.max(SECTOR, Integer.highestOneBit(Math.max(1, allocationUnit)));
    // One request may fill a queue less its header and its status.
    out.putLong(0, sizeBytes / SECTOR).putInt(12, config.queueSize() - 2);
    out.putInt(20, SECTOR);
    int physical = Math.min(unit, 4096);
    out.put(24, (byte) Integer.numberOfTrailingZeros(physical / SECTOR));
    out.putShort(26, (short) (physical / SECTOR)).putInt(28, unit / SECTOR);
    out.putShort(34, (short) config.queues());
    out.putInt(36, MAX_SEGMENT_SECTORS).putInt(40, MAX_SEGMENTS).putInt(44, unit / SECTOR);
    out.putInt(48, MAX_SEGMENT_SECTORS).putInt(52, MAX_SEGMENTS).put(56, (byte) 1);
    return out.array();
  }
}
