package org.vivarium.images.qcow2;

import java.nio.ByteBuffer;

/** One refcount block in memory, one cluster of refcounts of 1 to 64 bits each. */
final class RefcountBlock {
  /** Index in the refcount table. */
  final int index;

  /** Host byte offset of the block. */
  final long offset;

  private final ByteBuffer data;
  private final int order;
  private int dirtyFrom = Integer.MAX_VALUE;
  private int dirtyTo;

  RefcountBlock(int index, long offset, ByteBuffer data, int order) {
    this.index = index;
    this.offset = offset;
    this.data = data;
    this.order = order;
  }

  /** The refcount at that index; a 64-bit one beyond the signed range reads as the greatest. */
  long get(int i) {
    return switch (order) {
      case 0, 1, 2 -> (data.get(i >> (3 - order)) >>> shift(i)) & mask();
      case 3 -> data.get(i) & 0xFF;
      case 4 -> data.getShort(i * 2) & 0xFFFF;
      case 5 -> Integer.toUnsignedLong(data.getInt(i * 4));
      default -> {
        long value = data.getLong(i * 8);
        yield value < 0 ? Long.MAX_VALUE : value;
      }
    };
  }

  /** Sets the refcount at that index. */
  void set(int i, long value) {
    int at;
    switch (order) {
      case 0, 1, 2 -> {
        at = i >> (3 - order);
        int rest = data.get(at) & ~(mask() << shift(i));
        data.put(at, (byte) (rest | (int) value << shift(i)));
      }
      case 3 -> data.put(at = i, (byte) value);
      case 4 -> data.putShort(at = i * 2, (short) value);
      case 5 -> data.putInt(at = i * 4, (int) value);
      default -> data.putLong(at = i * 8, value);
    }
    dirtyFrom = Math.min(dirtyFrom, at);
    dirtyTo = Math.max(dirtyTo, at + 1);
  }

  private int shift(int i) {
    return (i & ((8 >> order) - 1)) << order;
  }

  private int mask() {
    return (1 << (1 << order)) - 1;
  }

  /** Marks all of it as different from the file. */
  void markAllDirty() {
    dirtyFrom = 0;
    dirtyTo = data.capacity();
  }

  boolean isDirty() {
    return dirtyTo > 0;
  }

  /** Byte offset, within the block, of {@link #dirtySectors()}. */
  int dirtyStart() {
    return dirtyFrom & ~511;
  }

  /** The sectors that differ from the file. */
  ByteBuffer dirtySectors() {
    int end = Math.min(data.capacity(), (dirtyTo + 511) & ~511);
    return data.slice(dirtyStart(), end - dirtyStart());
  }

  /** Notes that the block was written. */
  void markClean() {
    dirtyFrom = Integer.MAX_VALUE;
    dirtyTo = 0;
  }
}
