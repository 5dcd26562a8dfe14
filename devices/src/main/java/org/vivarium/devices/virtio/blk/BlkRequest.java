package org.vivarium.devices.virtio.blk;

import static org.vivarium.devices.virtio.blk.BlkLayout.SECTOR;

import org.vivarium.devices.virtio.queue.BufferList;
import org.vivarium.devices.virtio.queue.ChainReader;
import org.vivarium.devices.virtio.queue.ChainWriter;
import org.vivarium.devices.virtio.queue.DescriptorChain;

/**
 * A request as the driver wrote it, checked against the disk (VIRTIO 1.2, 5.2.6).
 *
 * <p>A flyweight with its own chain: one for each request in flight, filled again and again. Header
 * and segments are copied out of guest memory once; the data stays there.
 */
final class BlkRequest {
  /** What is to be done. */
  enum Operation {
    READ,
    WRITE,
    FLUSH,
    GET_ID,
    DISCARD,
    WRITE_ZEROES,
    /** Nothing but to answer {@link BlkRequest#verdict}. */
    REFUSE,
    /** No header or no status byte: there is no way to answer. */
    MALFORMED
  }

  /** What requests are checked against. */
  interface Disk {
    /** Sectors of the disk at present. */
    long capacity();

    /** Whether it refuses changes. */
    boolean readOnly();

    /** Whether a feature was negotiated. */
    boolean has(long feature);
  }

  private final DescriptorChain chain;
  private final BufferList data = new BufferList();
  private final BufferList statusAt = new BufferList();
  private final long[] segmentSectors = new long[BlkLayout.MAX_SEGMENTS];
  private final long[] segmentLengths = new long[BlkLayout.MAX_SEGMENTS];
  private final boolean[] segmentUnmaps = new boolean[BlkLayout.MAX_SEGMENTS];
  private Operation operation = Operation.MALFORMED;
  private long sector;
  private int segments;
  private int verdict;

  BlkRequest(DescriptorChain chain) {
    this.chain = chain;
  }

  DescriptorChain chain() {
    return chain;
  }

  Operation operation() {
    return operation;
  }

  /** VIRTIO_BLK_S_... of a request to be refused. */
  int verdict() {
    return verdict;
  }

  /** First byte on the disk of a read or write. */
  long offset() {
    return sector * SECTOR;
  }

  /** Guest memory to read into or to write from. */
  BufferList data() {
    return data;
  }

  /** Guest physical address of the status byte. */
  long statusGpa() {
    return statusAt.gpa(0);
  }

  /** Number of segments of a discard or write-zeroes request. */
  int segments() {
    return segments;
  }

  /** First byte on the disk of a segment. */
  long segmentOffset(int index) {
    return segmentSectors[index] * SECTOR;
  }

  /** Bytes of a segment, 0 included. */
  long segmentLength(int index) {
    return segmentLengths[index] * SECTOR;
  }

  /** Whether the space of a segment may be given back. */
  boolean segmentUnmaps(int index) {
    return segmentUnmaps[index];
  }

  /** Parses the chain. */
  Operation parse(Disk disk) {
    data.clear();
    statusAt.clear();
    segments = 0;
    verdict = BlkLayout.VIRTIO_BLK_S_OK;
    if (chain.readableBytes() < BlkLayout.HEADER_BYTES || chain.writableBytes() < 1) {
      operation = Operation.MALFORMED;
      return operation;
    }
    ChainReader reader = chain.reader();
    long type = reader.readU32();
    reader.skip(4);
    sector = reader.readU64();
    ChainWriter writer = chain.writer();
    long writableData = writer.remaining() - 1;
    if (type == BlkLayout.VIRTIO_BLK_T_IN) {
      operation = transfer(Operation.READ, writableData, disk);
    } else if (type == BlkLayout.VIRTIO_BLK_T_OUT) {
      operation = transfer(Operation.WRITE, reader.remaining(), disk);
    } else if (type == BlkLayout.VIRTIO_BLK_T_FLUSH) {
      operation = Operation.FLUSH;
    } else if (type == BlkLayout.VIRTIO_BLK_T_GET_ID) {
      operation = Operation.GET_ID;
    } else if (type == BlkLayout.VIRTIO_BLK_T_DISCARD) {
      operation = ranges(Operation.DISCARD, BlkLayout.VIRTIO_BLK_F_DISCARD, reader, disk);
    } else if (type == BlkLayout.VIRTIO_BLK_T_WRITE_ZEROES) {
      operation = ranges(Operation.WRITE_ZEROES, BlkLayout.VIRTIO_BLK_F_WRITE_ZEROES, reader, disk);
    } else {
      operation = refuse(BlkLayout.VIRTIO_BLK_S_UNSUPP);
    }
    if (operation == Operation.WRITE) {
      reader.take(reader.remaining(), data);
    } else if (operation == Operation.READ || operation == Operation.GET_ID) {
      writer.take(writableData, data);
    }
    writer.skip(writer.remaining() - 1);
    writer.take(1, statusAt);
    return operation;
  }

  private Operation transfer(Operation wanted, long bytes, Disk disk) {
    if (wanted == Operation.WRITE && disk.readOnly()) {
      return refuse(BlkLayout.VIRTIO_BLK_S_IOERR);
    }
    if (bytes % SECTOR != 0 || !inside(sector, bytes / SECTOR, disk)) {
      return refuse(BlkLayout.VIRTIO_BLK_S_IOERR);
    }
    return wanted;
  }

  private Operation ranges(Operation wanted, long feature, ChainReader reader, Disk disk) {
    if (!disk.has(feature)) {
      return refuse(BlkLayout.VIRTIO_BLK_S_UNSUPP);
    }
    long bytes = reader.remaining();
    if (disk.readOnly()
        || bytes == 0
        || bytes % BlkLayout.SEGMENT_BYTES != 0
        || bytes / BlkLayout.SEGMENT_BYTES > BlkLayout.MAX_SEGMENTS) {
      return refuse(BlkLayout.VIRTIO_BLK_S_IOERR);
    }
    segments = (int) (bytes / BlkLayout.SEGMENT_BYTES);
    for (int i = 0; i < segments; i++) {
      segmentSectors[i] = reader.readU64();
      segmentLengths[i] = reader.readU32();
      long flags = reader.readU32();
      // A discard has no flags at all (VIRTIO 1.2, 5.2.6.2).
      long known = wanted == Operation.WRITE_ZEROES ? BlkLayout.WRITE_ZEROES_UNMAP : 0;
      if ((flags & ~known) != 0) {
        return refuse(BlkLayout.VIRTIO_BLK_S_UNSUPP);
      }
      segmentUnmaps[i] = flags != 0;
      if (segmentLengths[i] > BlkLayout.MAX_SEGMENT_SECTORS
          || !inside(segmentSectors[i], segmentLengths[i], disk)) {
        return refuse(BlkLayout.VIRTIO_BLK_S_IOERR);
      }
    }
    return wanted;
  }

  /** Whether these sectors are on the disk; {@code first} is any 64 bits. */
  private static boolean inside(long first, long count, Disk disk) {
    long capacity = disk.capacity();
    return first >= 0 && count <= capacity && first <= capacity - count;
  }

  private Operation refuse(int status) {
    verdict = status;
    return Operation.REFUSE;
  }
}
