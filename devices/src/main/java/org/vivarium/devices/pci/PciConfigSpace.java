package org.vivarium.devices.pci;

/**
 * The configuration registers of one PCI function: bytes, and for each bit whether the guest may
 * write it or clear it by writing 1.
 *
 * <p>Little-endian, 256 bytes (conventional) or 4096 (PCI Express). Reads past the end are all
 * ones, writes go nowhere. The guest's accesses are {@link #read} and {@link #write}; everything
 * else is the device's own. Not safe for several threads: {@link PciDevice} guards it. Source: PCI
 * Local Bus Specification 3.0, 6.1 and 6.2; PCI-to-PCI Bridge 1.2, 3.2 (type 1).
 */
public final class PciConfigSpace {
  /** Bytes of conventional configuration space. */
  public static final int CONVENTIONAL_SIZE = 256;

  /** Bytes of PCI Express configuration space. */
  public static final int EXPRESS_SIZE = 4096;

  /** Offset of the command register, 2 bytes. */
  public static final int COMMAND = 0x04;

  /** Offset of the status register, 2 bytes. */
  public static final int STATUS = 0x06;

  /** Offset of the first base address register, 4 bytes each. */
  public static final int BAR0 = 0x10;

  /** Offset of the interrupt line register, 1 byte. */
  public static final int INTERRUPT_LINE = 0x3c;

  /** Offset of the interrupt pin register, 1 byte: 0 none, 1 to 4 INTA# to INTD#. */
  public static final int INTERRUPT_PIN = 0x3d;

  /** Command: the function answers I/O accesses. */
  public static final int COMMAND_IO = 0x0001;

  /** Command: the function answers memory accesses. */
  public static final int COMMAND_MEMORY = 0x0002;

  /** Command: the function may access memory itself and send MSIs. */
  public static final int COMMAND_BUS_MASTER = 0x0004;

  /** Command: the function does not assert its INTx pin. */
  public static final int COMMAND_INTX_DISABLE = 0x0400;

  /** Status: the function asks for INTx, whether or not it is disabled. */
  public static final int STATUS_INTERRUPT = 0x0008;

  private static final int COMMAND_PARITY = 0x0040;
  private static final int COMMAND_SERR = 0x0100;
  private static final int STATUS_CAPABILITIES = 0x0010;
  private static final int REVISION = 0x08;
  private static final int CACHE_LINE_SIZE = 0x0c;
  private static final int LATENCY_TIMER = 0x0d;
  private static final int HEADER_TYPE = 0x0e;
  private static final int SUBSYSTEM_VENDOR = 0x2c;
  private static final int CAPABILITIES = 0x34;
  private static final int FIRST_CAPABILITY = 0x40;
  private static final int PRIMARY_BUS = 0x18;
  private static final int BRIDGE_IO_BASE = 0x1c;
  private static final int BRIDGE_MEMORY_BASE = 0x20;
  private static final int BRIDGE_PREFETCHABLE_BASE = 0x24;
  private static final int BRIDGE_CONTROL = 0x3e;

  private final byte[] bytes;
  private final byte[] writable;
  private final byte[] writeOneToClear;
  private int nextCapability = FIRST_CAPABILITY;
  private int lastCapability = CAPABILITIES - 1;

  private PciConfigSpace(int size, PciId id, int headerType) {
    if (size != CONVENTIONAL_SIZE && size != EXPRESS_SIZE) {
      throw new IllegalArgumentException("Configuration space has 256 or 4096 bytes, not " + size);
    }
    bytes = new byte[size];
    writable = new byte[size];
    writeOneToClear = new byte[size];
    put(0x00, 2, id.vendor());
    put(0x02, 2, id.device());
    put(REVISION, 4, ((long) id.classCode() << 8) | id.revision());
    put(HEADER_TYPE, 1, headerType);
    setWritable(
        COMMAND,
        2,
        COMMAND_IO
            | COMMAND_MEMORY
            | COMMAND_BUS_MASTER
            | COMMAND_PARITY
            | COMMAND_SERR
            | COMMAND_INTX_DISABLE);
    setWriteOneToClear(STATUS, 2, 0xf900);
    setWritable(CACHE_LINE_SIZE, 1, 0xff);
    setWritable(LATENCY_TIMER, 1, 0xff);
    setWritable(INTERRUPT_LINE, 1, 0xff);
  }

  /**
   * A type 0 header: a device.
   *
   * @param size 256 or 4096 bytes
   */
  public static PciConfigSpace type0(int size, PciId id) {
    PciConfigSpace space = new PciConfigSpace(size, id, 0);
    space.put(SUBSYSTEM_VENDOR, 2, id.subsystemVendor());
    space.put(SUBSYSTEM_VENDOR + 2, 2, id.subsystem());
    return space;
  }

  /**
   * A type 1 header: a PCI-to-PCI bridge with bus numbers and forwarding windows, 32-bit I/O and
   * 64-bit prefetchable memory. The identity's subsystem is not used.
   *
   * @param size 256 or 4096 bytes
   */
  public static PciConfigSpace type1(int size, PciId id) {
    PciConfigSpace space = new PciConfigSpace(size, id, 1);
    space.setWritable(PRIMARY_BUS, 4, 0xffffffffL);
    space.put(BRIDGE_IO_BASE, 2, 0x0101);
    space.setWritable(BRIDGE_IO_BASE, 2, 0xf0f0);
    space.setWriteOneToClear(BRIDGE_IO_BASE + 2, 2, 0xf900);
    space.setWritable(BRIDGE_MEMORY_BASE, 4, 0xfff0fff0L);
    space.put(BRIDGE_PREFETCHABLE_BASE, 4, 0x00010001);
    space.setWritable(BRIDGE_PREFETCHABLE_BASE, 4, 0xfff0fff0L);
    space.setWritable(0x28, 4, 0xffffffffL);
    space.setWritable(0x2c, 4, 0xffffffffL);
    space.setWritable(0x30, 4, 0xffffffffL);
    space.setWritable(BRIDGE_CONTROL, 2, 0x0fff);
    return space;
  }

  /** Bytes of this space. */
  public int size() {
    return bytes.length;
  }

  /**
   * A guest's read.
   *
   * @param offset any value; bytes outside of the space read all ones
   * @param size 1, 2, 4 or 8 bytes
   */
  public long read(long offset, int size) {
    long value = 0;
    for (int i = 0; i < size; i++) {
      long at = offset + i;
      long octet = at >= 0 && at < bytes.length ? bytes[(int) at] & 0xffL : 0xffL;
      value |= octet << (8 * i);
    }
    return value;
  }

  /** A guest's write: changes writable bits, clears write-one-to-clear bits, ignores the rest. */
  public void write(long offset, int size, long value) {
    for (int i = 0; i < size; i++) {
      long at = offset + i;
      if (at < 0 || at >= bytes.length) {
        continue;
      }
      int index = (int) at;
      int octet = (int) (value >>> (8 * i)) & 0xff;
      int old = bytes[index] & 0xff;
      int mask = writable[index] & 0xff;
      int cleared = octet & writeOneToClear[index];
      bytes[index] = (byte) (((old & ~mask) | (octet & mask)) & ~cleared);
    }
  }

  /** The device's view of a register of 1 to 8 bytes inside the space. */
  public long get(int offset, int size) {
    return read(offset, size);
  }

  /** Sets a register of 1 to 8 bytes, whatever the guest may write. */
  public void put(int offset, int size, long value) {
    for (int i = 0; i < size; i++) {
      bytes[offset + i] = (byte) (value >>> (8 * i));
    }
  }

  /** Says which bits of a register the guest may write. */
  public void setWritable(int offset, int size, long mask) {
    for (int i = 0; i < size; i++) {
      writable[offset + i] = (byte) (mask >>> (8 * i));
    }
  }

  /** Says which bits of a register the guest clears by writing 1. */
  public void setWriteOneToClear(int offset, int size, long mask) {
    for (int i = 0; i < size; i++) {
      writeOneToClear[offset + i] = (byte) (mask >>> (8 * i));
    }
  }

  /**
   * Appends a capability to the list.
   *
   * @param id the capability's identifier
   * @param body what follows its identifier and next pointer; read-only until {@link #setWritable}
   * @return its offset in configuration space, a multiple of 4
   * @throws IllegalStateException if it does not fit below 256
   */
  public int addCapability(int id, byte[] body) {
    int at = nextCapability;
    if (at + 2 + body.length > CONVENTIONAL_SIZE) {
      throw new IllegalStateException(
          "No room for capability 0x%x of %d bytes".formatted(id, body.length + 2));
    }
    bytes[at] = (byte) id;
    System.arraycopy(body, 0, bytes, at + 2, body.length);
    bytes[lastCapability + 1] = (byte) at;
    lastCapability = at;
    nextCapability = (at + 2 + body.length + 3) & ~3;
    bytes[STATUS] |= (byte) STATUS_CAPABILITIES;
    return at;
  }

  /** Marks the device as one of several functions of its slot. */
  void setMultiFunction() {
    bytes[HEADER_TYPE] |= (byte) 0x80;
  }
}
