package org.vivarium.devices.virtio.queue;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.vivarium.kvm.GuestMemory;

/**
 * One descriptor chain as the device took it from a queue: checked copies of its descriptors.
 *
 * <p>Device-readable buffers first, then device-writable ones, indirect tables resolved. A
 * flyweight that {@link SplitVirtqueue#pop} fills again and again: its arrays grow to the longest
 * chain it ever held, so a warm one allocates nothing. Every buffer has 1 byte or more and lies
 * inside one region of guest memory; together they have at most 2^32 - 1 bytes.
 */
public final class DescriptorChain {
  private static final int NEXT = 1;
  private static final int WRITE = 2;
  private static final int INDIRECT = 4;
  private static final long LARGEST_TOTAL = 0xFFFF_FFFFL;
  private static final int INITIAL_BUFFERS = 16;

  private final GuestMemory memory;
  private final int limit;
  private final ChainReader reader;
  private final ChainWriter writer;
  private long[] gpas;
  private long[] lengths;
  private int count;
  private int readableCount;
  private long readableBytes;
  private long writableBytes;
  private int head;

  /**
   * @param limit most buffers that a chain may have
   */
  DescriptorChain(GuestMemory memory, int limit) {
    this.memory = memory;
    this.limit = limit;
    this.gpas = new long[Math.min(limit, INITIAL_BUFFERS)];
    this.lengths = new long[gpas.length];
    this.reader = new ChainReader(memory, this);
    this.writer = new ChainWriter(memory, this);
  }

  /** The chain's head index, by which it is returned to the driver. */
  public int head() {
    return head;
  }

  /** Number of buffers. */
  public int count() {
    return count;
  }

  /** Number of device-readable buffers; they come first. */
  public int readableCount() {
    return readableCount;
  }

  /** Bytes of the device-readable buffers together. */
  public long readableBytes() {
    return readableBytes;
  }

  /** Bytes of the device-writable buffers together. */
  public long writableBytes() {
    return writableBytes;
  }

  /** Guest physical address of buffer {@code index}. */
  public long gpa(int index) {
    return gpas[index];
  }

  /** Bytes of buffer {@code index}, 1 to 2^32 - 1. */
  public long length(int index) {
    return lengths[index];
  }

  /** The cursor over the device-readable bytes, set to their start. */
  public ChainReader reader() {
    reader.rewind(0, readableCount, readableBytes);
    return reader;
  }

  /** The cursor over the device-writable bytes, set to their start. */
  public ChainWriter writer() {
    writer.rewind(readableCount, count, writableBytes);
    return writer;
  }

  /**
   * Reads and checks the chain that starts at {@code first} (VIRTIO 1.2, 2.7.5).
   *
   * @return what is wrong with it, or null; after a fault the chain's content means nothing
   */
  @Nullable ChainFault load(long queueTable, int queueSize, int first, boolean indirectNegotiated) {
    head = first;
    count = 0;
    readableCount = 0;
    readableBytes = 0;
    writableBytes = 0;
    long table = queueTable;
    int entries = queueSize;
    int index = first;
    int visited = 0;
    boolean insideIndirect = false;
    while (true) {
      if (index >= entries) {
        return ChainFault.NEXT_OUT_OF_RANGE;
      }
      if (++visited > entries) {
        return ChainFault.CHAIN_TOO_LONG;
      }
      long descriptor = table + (long) VirtqueueConfig.DESCRIPTOR_BYTES * index;
      long gpa = memory.readU64(descriptor);
      // Length, flags and next in one access: a request of 1 MiB may have 256 descriptors.
      long rest = memory.readU64(descriptor + 8);
      long length = rest & 0xFFFF_FFFFL;
      int flags = (int) (rest >>> 32) & 0xFFFF;
      int next = (int) (rest >>> 48);
      if ((flags & INDIRECT) != 0) {
        if (insideIndirect) {
          return ChainFault.INDIRECT_NESTED;
        }
        ChainFault fault = checkIndirect(gpa, length, flags, indirectNegotiated);
        if (fault != null) {
          return fault;
        }
        insideIndirect = true;
        table = gpa;
        entries = (int) (length / VirtqueueConfig.DESCRIPTOR_BYTES);
        index = 0;
        visited = 0;
        continue;
      }
      ChainFault fault = append(gpa, length, (flags & WRITE) != 0);
      if (fault != null || (flags & NEXT) == 0) {
        return fault;
      }
      index = next;
    }
  }

  private @Nullable ChainFault checkIndirect(
      long gpa, long length, int flags, boolean indirectNegotiated) {
    if (!indirectNegotiated) {
      return ChainFault.INDIRECT_NOT_NEGOTIATED;
    }
    if ((flags & NEXT) != 0) {
      return ChainFault.INDIRECT_WITH_NEXT;
    }
    if (length == 0 || length % VirtqueueConfig.DESCRIPTOR_BYTES != 0) {
      return ChainFault.INDIRECT_LENGTH;
    }
    if (length / VirtqueueConfig.DESCRIPTOR_BYTES > limit) {
      return ChainFault.INDIRECT_TOO_LONG;
    }
    return memory.contains(gpa, length) ? null : ChainFault.INDIRECT_OUTSIDE_MEMORY;
  }

  private @Nullable ChainFault append(long gpa, long length, boolean writable) {
    if (count == limit) {
      return ChainFault.CHAIN_TOO_LONG;
    }
    if (length == 0) {
      return ChainFault.ZERO_LENGTH;
    }
    if (!memory.contains(gpa, length)) {
      return ChainFault.OUTSIDE_MEMORY;
    }
    if (readableBytes + writableBytes + length > LARGEST_TOTAL) {
      return ChainFault.TOTAL_LENGTH;
    }
    if (writable) {
      writableBytes += length;
    } else if (count > readableCount) {
      return ChainFault.READABLE_AFTER_WRITABLE;
    } else {
      readableCount++;
      readableBytes += length;
    }
    if (count == gpas.length) {
      int capacity = Math.min(limit, 2 * count);
      gpas = Arrays.copyOf(gpas, capacity);
      lengths = Arrays.copyOf(lengths, capacity);
    }
    gpas[count] = gpa;
    lengths[count] = length;
    count++;
    return null;
  }
}
