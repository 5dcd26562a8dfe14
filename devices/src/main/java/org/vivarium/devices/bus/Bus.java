package org.vivarium.devices.bus;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * One address space of devices: port I/O or memory-mapped I/O.
 *
 * <p>Lookups run on virtual processors' threads without a lock on an immutable, sorted snapshot;
 * changes (a PCI BAR that moves, a device that is plugged in) replace the snapshot. Addresses are
 * unsigned 64-bit values of that space. An access that hits no device reads all ones and its write
 * goes nowhere, as on hardware.
 */
public final class Bus {
  private record Range(long base, long size, BusDevice device) {
    boolean covers(long address) {
      return Long.compareUnsigned(address - base, size) < 0;
    }

    boolean overlaps(long otherBase, long otherSize) {
      return covers(otherBase) || Long.compareUnsigned(base - otherBase, otherSize) < 0;
    }
  }

  private final String name;
  private volatile Range[] ranges = {};

  /**
   * @param name for messages: {@code "port I/O"}, {@code "memory-mapped I/O"}
   */
  public Bus(String name) {
    this.name = name;
  }

  /**
   * Adds a device.
   *
   * @param base first address
   * @param size bytes, above 0; the range does not wrap
   * @throws IllegalArgumentException if the range is impossible or taken
   */
  public synchronized void add(long base, long size, BusDevice device) {
    if (!tryAdd(base, size, device)) {
      throw new IllegalArgumentException(
          "No room for %s bytes at 0x%s on the %s bus"
              .formatted(Long.toUnsignedString(size), Long.toHexString(base), name));
    }
  }

  /**
   * Adds a device if its range is possible and free: for addresses that a guest chose.
   *
   * @return whether it was added
   */
  public synchronized boolean tryAdd(long base, long size, BusDevice device) {
    if (size <= 0 || Long.compareUnsigned(base + (size - 1), base) < 0) {
      return false;
    }
    Range[] old = ranges;
    int at = 0;
    for (Range range : old) {
      if (range.overlaps(base, size)) {
        return false;
      }
      if (Long.compareUnsigned(range.base, base) < 0) {
        at++;
      }
    }
    Range[] changed = new Range[old.length + 1];
    System.arraycopy(old, 0, changed, 0, at);
    changed[at] = new Range(base, size, device);
    System.arraycopy(old, at, changed, at + 1, old.length - at);
    ranges = changed;
    return true;
  }

  /** Removes every range of {@code device}; accesses already under way may still reach it. */
  public synchronized void remove(BusDevice device) {
    ranges = Arrays.stream(ranges).filter(r -> !r.device.equals(device)).toArray(Range[]::new);
  }

  /** Reads {@code size} (1, 2, 4 or 8) bytes; all ones where no device answers. */
  public long read(long address, int size) {
    Range range = find(address);
    return range == null ? -1 : range.device.read(address - range.base, size);
  }

  /**
   * Writes the low {@code size} (1, 2, 4 or 8) bytes of {@code value}.
   *
   * @return whether a device took it
   */
  public boolean write(long address, int size, long value) {
    Range range = find(address);
    if (range == null) {
      return false;
    }
    long mask = size >= 8 ? -1L : (1L << (size * 8)) - 1;
    range.device.write(address - range.base, size, value & mask);
    return true;
  }

  private @Nullable Range find(long address) {
    Range[] snapshot = ranges;
    int low = 0;
    int high = snapshot.length - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      Range range = snapshot[middle];
      if (range.covers(address)) {
        return range;
      }
      if (Long.compareUnsigned(range.base, address) < 0) {
        low = middle + 1;
      } else {
        high = middle - 1;
      }
    }
    return null;
  }
}
