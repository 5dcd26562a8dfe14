package org.vivarium.devices.pci;

import org.jspecify.annotations.Nullable;
import org.vivarium.devices.bus.Bus;
import org.vivarium.devices.bus.BusDevice;

/**
 * A base address register and the region behind it.
 *
 * <p>The address is what the guest wrote; the region answers there while the command register
 * enables its space and the range is free on the bus. A region that the guest moved onto another
 * device is not decoded until it moves again or decoding is enabled anew. A region never answers at
 * address 0, nor outside of the windows that {@link Window} allows: RAM in particular. Source: PCI
 * Local Bus Specification 3.0, 6.2.5.1.
 */
public final class PciBar implements BusDevice {
  /** What address space a region is in, and how its register is laid out. */
  public enum Kind {
    /** Ports. */
    IO(0x1, 2),
    /** Memory below 4 GiB. */
    MEMORY_32(0x0, 4),
    /** Memory anywhere; takes two registers. */
    MEMORY_64(0x4, 4),
    /** Memory anywhere whose reads have no side effects; takes two registers. */
    MEMORY_64_PREFETCHABLE(0xc, 4);

    private final int flags;
    private final int flagBits;

    Kind(int flags, int flagBits) {
      this.flags = flags;
      this.flagBits = flagBits;
    }

    boolean is64() {
      return (flags & 0x4) != 0;
    }
  }

  /** Says where regions may be put: outside of RAM and of what else the machine keeps. */
  @FunctionalInterface
  public interface Window {
    /** Whether {@code size} bytes at {@code base} are free for regions; must not block. */
    boolean allows(long base, long size);

    /** The window of {@code windowSize} bytes at {@code windowBase}, which does not wrap. */
    static Window inside(long windowBase, long windowSize) {
      return (base, size) ->
          size <= windowSize
              && Long.compareUnsigned(base, windowBase) >= 0
              && Long.compareUnsigned(base - windowBase, windowSize - size) <= 0;
    }

    /** This window and another. */
    default Window or(Window other) {
      return (base, size) -> allows(base, size) || other.allows(base, size);
    }
  }

  private final int index;
  private final Kind kind;
  private final long size;
  private final BusDevice region;
  private long address;
  private long decodedAt;
  private boolean decoded;
  private @Nullable RegionListener listener;

  /** Told where a region answers, for what the kernel does by address (ioeventfds). */
  @FunctionalInterface
  public interface RegionListener {
    /**
     * The region appeared or went; a move is both. Called right after, with the device's lock held,
     * on the virtual processor's thread that wrote the register; must not block.
     *
     * @param decoded whether it answers
     * @param base its address if it does, else where it answered before
     */
    void regionMoved(boolean decoded, long base);
  }

  /**
   * @param index number of its first register, 0 to 5
   * @param size bytes, a power of two: at least 16 for memory, 4 to 256 for I/O, less than 2^32 for
   *     32-bit memory
   * @param region what answers; offsets are from the region's start
   */
  PciBar(int index, Kind kind, long size, BusDevice region) {
    long least = kind == Kind.IO ? 4 : 16;
    long most = kind == Kind.IO ? 256 : kind.is64() ? 1L << 62 : 1L << 31;
    if (Long.bitCount(size) != 1 || size < least || size > most) {
      throw new IllegalArgumentException(
          "BAR %d: a region of kind %s cannot have 0x%x bytes".formatted(index, kind, size));
    }
    if (index < 0 || index + (kind.is64() ? 2 : 1) > 6) {
      throw new IllegalArgumentException("BAR %d does not fit six registers".formatted(index));
    }
    this.index = index;
    this.kind = kind;
    this.size = size;
    this.region = region;
  }

  /** The number of its first register, 0 to 5. */
  public int index() {
    return index;
  }

  /** The kind of region. */
  public Kind kind() {
    return kind;
  }

  /** Bytes of the region. */
  public long size() {
    return size;
  }

  /** The address that the guest wrote last, decoded or not. */
  public long address() {
    return address;
  }

  /** Whether the region answers accesses now. */
  public boolean isDecoded() {
    return decoded;
  }

  @Override
  public long read(long offset, int accessSize) {
    return region.read(offset, accessSize);
  }

  @Override
  public void write(long offset, int accessSize, long value) {
    region.write(offset, accessSize, value);
  }

  void setListener(RegionListener newListener) {
    listener = newListener;
  }

  /** Lays out its registers: flags, and as many writable address bits as the size leaves. */
  void define(PciConfigSpace config) {
    int at = PciConfigSpace.BAR0 + 4 * index;
    config.put(at, 4, kind.flags);
    // Ports are 16 bits wide on a PC, but the register takes 32 so that sizing works as usual.
    config.setWritable(at, 4, -size & -(1L << kind.flagBits));
    if (kind.is64()) {
      config.setWritable(at + 4, 4, -size >>> 32);
    }
  }

  /** Follows the registers and the command register. */
  void update(PciConfigSpace config, Bus bus, Window window) {
    int enableBit = kind == Kind.IO ? PciConfigSpace.COMMAND_IO : PciConfigSpace.COMMAND_MEMORY;
    boolean enabled = (config.get(PciConfigSpace.COMMAND, 2) & enableBit) != 0;
    address = config.get(PciConfigSpace.BAR0 + 4 * index, kind.is64() ? 8 : 4) & -size;
    if (decoded && (!enabled || address != decodedAt)) {
      bus.remove(this);
      decoded = false;
      tell(decodedAt);
    }
    if (enabled && !decoded && address != 0 && fits(window)) {
      decoded = bus.tryAdd(address, size, this);
      if (decoded) {
        decodedAt = address;
        tell(decodedAt);
      }
    }
  }

  private boolean fits(Window window) {
    if (kind == Kind.IO) {
      return address + size <= 0x10000;
    }
    return window.allows(address, size);
  }

  private void tell(long base) {
    if (listener != null) {
      listener.regionMoved(decoded, base);
    }
  }

  /** Takes the region off the bus. */
  void detach(Bus bus) {
    if (decoded) {
      bus.remove(this);
      decoded = false;
      tell(decodedAt);
    }
  }
}
