package org.vivarium.vmm.acpi;

import java.io.ByteArrayOutputStream;

/**
 * Builds the buffer of resource descriptors that _CRS returns (ACPI 6.4, 6.4). Bounds are
 * inclusive, as in the specification.
 */
public final class ResourceTemplate {
  /** How an interrupt is triggered; both kinds are active high. */
  public enum Trigger {
    /** On the rising edge. */
    EDGE,
    /** As long as the line is high; may be shared. */
    LEVEL
  }

  private static final int IRQ_NO_FLAGS = 0x22;
  private static final int IO_PORT = 0x47;
  private static final int END_TAG = 0x79;
  private static final int MEMORY_32_FIXED = 0x86;
  private static final int DWORD_ADDRESS_SPACE = 0x87;
  private static final int WORD_ADDRESS_SPACE = 0x88;
  private static final int EXTENDED_INTERRUPT = 0x89;
  private static final int QWORD_ADDRESS_SPACE = 0x8A;

  private static final int TYPE_MEMORY = 0;
  private static final int TYPE_IO = 1;
  private static final int TYPE_BUS = 2;
  private static final int PRODUCER_FIXED_BOUNDS = 0b1100;
  private static final int IO_ENTIRE_RANGE = 0b11;
  private static final int MEMORY_READ_WRITE = 0b1;
  private static final int MEMORY_CACHEABLE = 0b10;
  private static final int IO_DECODE_16 = 1;
  private static final int INTERRUPT_CONSUMER = 0b1;
  private static final int INTERRUPT_EDGE = 0b10;
  private static final int INTERRUPT_SHARED = 0b1000;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  /** Bus numbers that a host bridge passes down. */
  public ResourceTemplate busNumbers(int first, int last) {
    return addressSpace(WORD_ADDRESS_SPACE, TYPE_BUS, 0, first, last);
  }

  /** Ports that a host bridge passes down. */
  public ResourceTemplate ioWindow(int first, int last) {
    return addressSpace(WORD_ADDRESS_SPACE, TYPE_IO, IO_ENTIRE_RANGE, first, last);
  }

  /** Memory below 4 GiB that a host bridge passes down; not cacheable. */
  public ResourceTemplate memoryWindow32(long first, long last) {
    return addressSpace(DWORD_ADDRESS_SPACE, TYPE_MEMORY, MEMORY_READ_WRITE, first, last);
  }

  /** Memory above 4 GiB that a host bridge passes down; cacheable. */
  public ResourceTemplate memoryWindow64(long first, long last) {
    int flags = MEMORY_CACHEABLE | MEMORY_READ_WRITE;
    return addressSpace(QWORD_ADDRESS_SPACE, TYPE_MEMORY, flags, first, last);
  }

  /** Ports that a device uses, at most 255. */
  public ResourceTemplate io(int port, int length) {
    add(IO_PORT, 1);
    add(IO_DECODE_16, 1);
    add(port, 2);
    add(port, 2);
    // Alignment: the ports are where they are.
    add(1, 1);
    add(length, 1);
    return this;
  }

  /** Memory below 4 GiB that a device uses. */
  public ResourceTemplate memory32Fixed(long address, long length) {
    add(MEMORY_32_FIXED, 1);
    add(9, 2);
    add(MEMORY_READ_WRITE, 1);
    add(address, 4);
    add(length, 4);
    return this;
  }

  /** An ISA interrupt, 0 to 15: edge-triggered, not shared. */
  public ResourceTemplate irq(int number) {
    add(IRQ_NO_FLAGS, 1);
    add(1L << number, 2);
    return this;
  }

  /** A GSI that a device uses. */
  public ResourceTemplate interrupt(int gsi, Trigger trigger) {
    add(EXTENDED_INTERRUPT, 1);
    add(6, 2);
    add(INTERRUPT_CONSUMER | (trigger == Trigger.EDGE ? INTERRUPT_EDGE : INTERRUPT_SHARED), 1);
    add(1, 1);
    add(gsi, 4);
    return this;
  }

  /** The finished buffer. */
  public Aml toAml() {
    ByteArrayOutputStream whole = new ByteArrayOutputStream();
    whole.writeBytes(out.toByteArray());
    whole.write(END_TAG);
    // A checksum of 0 is taken as correct (ACPI 6.4, 6.4.2.9).
    whole.write(0);
    return Aml.buffer(whole.toByteArray());
  }

  private ResourceTemplate addressSpace(int tag, int type, int flags, long first, long last) {
    int width =
        switch (tag) {
          case WORD_ADDRESS_SPACE -> 2;
          case DWORD_ADDRESS_SPACE -> 4;
          default -> 8;
        };
    long length = last - first + 1;
    if (first < 0 || length <= 0 || (width < 8 && last >>> (8 * width) != 0)) {
      throw new IllegalArgumentException(
          "Not an address range: 0x%x to 0x%x".formatted(first, last));
    }
    add(tag, 1);
    add(3 + 5 * width, 2);
    add(type, 1);
    add(PRODUCER_FIXED_BOUNDS, 1);
    add(flags, 1);
    // Granularity, bounds, translation, length.
    add(0, width);
    add(first, width);
    add(last, width);
    add(0, width);
    add(length, width);
    return this;
  }

  private void add(long value, int size) {
    for (int i = 0; i < size; i++) {
      out.write((int) (value >>> (8 * i)));
    }
  }
}
