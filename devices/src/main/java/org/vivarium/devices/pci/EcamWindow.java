package org.vivarium.devices.pci;

import org.vivarium.devices.bus.BusDevice;

/**
 * Memory-mapped configuration space: 4 KiB for each function, 1 MiB for each bus, from bus 0 on;
 * the range that ACPI's MCFG table names. Source: PCI Express Base Specification 5.0, 7.2.2.
 */
public final class EcamWindow implements BusDevice {
  private final PciBus root;
  private final int buses;

  /**
   * @param buses how many buses the window covers, 1 to 256
   */
  public EcamWindow(PciBus root, int buses) {
    if (buses < 1 || buses > 256) {
      throw new IllegalArgumentException("The window covers 1 to 256 buses, not " + buses);
    }
    this.root = root;
    this.buses = buses;
  }

  /** Bytes of the window. */
  public long size() {
    return (long) buses << 20;
  }

  @Override
  public long read(long offset, int size) {
    if (size == 8) {
      return (read(offset, 4) & 0xffffffffL) | (read(offset + 4, 4) << 32);
    }
    if (offset < 0 || offset >= size()) {
      return -1;
    }
    return root.readConfig(
        (int) (offset >> 20), (int) (offset >> 12) & 0xff, (int) offset & 0xfff, size);
  }

  @Override
  public void write(long offset, int size, long value) {
    if (size == 8) {
      write(offset, 4, value & 0xffffffffL);
      write(offset + 4, 4, value >>> 32);
      return;
    }
    if (offset >= 0 && offset < size()) {
      root.writeConfig(
          (int) (offset >> 20), (int) (offset >> 12) & 0xff, (int) offset & 0xfff, size, value);
    }
  }
}
