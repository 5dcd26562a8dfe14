package org.vivarium.devices.virtio.transport;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.vivarium.devices.pci.PciConfigSpace;

/**
 * The capabilities that tell a driver where a virtio device's registers are (VIRTIO 1.2, 4.1.4),
 * and the one that lets it reach them through configuration space (4.1.4.9).
 *
 * <p>Called with the function's lock held.
 */
final class VirtioPciCapabilities {
  private static final int VENDOR_SPECIFIC = 0x09;
  private static final int COMMON_CFG = 1;
  private static final int NOTIFY_CFG = 2;
  private static final int ISR_CFG = 3;
  private static final int DEVICE_CFG = 4;
  private static final int PCI_CFG = 5;

  /** Bytes of struct virtio_pci_cap. */
  private static final int CAP_LENGTH = 16;

  // Offsets of fields from the start of the capability.
  private static final int CAP_BAR = 4;
  private static final int CAP_OFFSET = 8;
  private static final int CAP_SIZE = 12;
  private static final int CAP_DATA = 16;
  private static final int DATA_BYTES = 4;

  private final PciConfigSpace config;
  private final VirtioRegisters registers;
  private final int bar;
  private final int windowAt;

  VirtioPciCapabilities(PciConfigSpace config, VirtioRegisters registers, int bar) {
    this.config = config;
    this.registers = registers;
    this.bar = bar;
    add(COMMON_CFG, VirtioRegisters.COMMON, CommonConfigLayout.LENGTH);
    int notifyBytes = registers.queueCount() * VirtioRegisters.NOTIFY_MULTIPLIER;
    add(NOTIFY_CFG, VirtioRegisters.NOTIFY, notifyBytes, VirtioRegisters.NOTIFY_MULTIPLIER);
    add(ISR_CFG, VirtioRegisters.ISR, 1);
    if (registers.deviceConfigLength() > 0) {
      add(DEVICE_CFG, VirtioRegisters.DEVICE, registers.deviceConfigLength());
    }
    windowAt = add(PCI_CFG, 0, 0, 0);
    config.setWritable(windowAt + CAP_BAR, 1, 0xFF);
    config.setWritable(windowAt + CAP_OFFSET, 4, 0xFFFF_FFFFL);
    config.setWritable(windowAt + CAP_SIZE, 4, 0xFFFF_FFFFL);
    config.setWritable(windowAt + CAP_DATA, DATA_BYTES, 0xFFFF_FFFFL);
  }

  /** Fetches what pci_cfg_data shows, if the driver is about to read it. */
  void beforeRead(int offset, int size) {
    if (hitsData(offset, size) && windowIsLegal()) {
      config.put(windowAt + CAP_DATA, windowSize(), registers.read(windowOffset(), windowSize()));
    }
  }

  /** Passes on what the driver wrote to pci_cfg_data. */
  void afterWrite(int offset, int size) {
    if (hitsData(offset, size) && windowIsLegal()) {
      int width = windowSize();
      registers.write(windowOffset(), width, config.get(windowAt + CAP_DATA, width));
    }
  }

  private int add(int type, int offset, int length, int... more) {
    ByteBuffer body =
        ByteBuffer.allocate(CAP_LENGTH - 2 + 4 * more.length).order(ByteOrder.LITTLE_ENDIAN);
    body.put((byte) (CAP_LENGTH + 4 * more.length)).put((byte) type).put((byte) bar);
    body.put((byte) 0).putShort((short) 0).putInt(offset).putInt(length);
    for (int value : more) {
      body.putInt(value);
    }
    return config.addCapability(VENDOR_SPECIFIC, body.array());
  }

  private boolean hitsData(int offset, int size) {
    int data = windowAt + CAP_DATA;
    return offset < data + DATA_BYTES && (long) offset + size > data;
  }

  /** Whether the driver chose 1, 2 or 4 aligned bytes inside the registers (4.1.4.9.1). */
  private boolean windowIsLegal() {
    long offset = windowOffset();
    long size = config.get(windowAt + CAP_SIZE, 4);
    return config.get(windowAt + CAP_BAR, 1) == bar
        && (size == 1 || size == 2 || size == 4)
        && offset % size == 0
        && offset + size <= VirtioRegisters.LENGTH;
  }

  private long windowOffset() {
    return config.get(windowAt + CAP_OFFSET, 4);
  }

  private int windowSize() {
    return (int) config.get(windowAt + CAP_SIZE, 4);
  }
}
