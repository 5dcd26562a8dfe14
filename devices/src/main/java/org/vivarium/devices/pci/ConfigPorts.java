package org.vivarium.devices.pci;

import org.vivarium.devices.bus.BusDevice;

/**
 * PCI configuration mechanism #1: the address register at port 0xcf8, the data window at 0xcfc.
 *
 * <p>Only a 4-byte access reaches the address register. A 1-byte access to 0xcf9 belongs to the
 * reset register, which this passes it on to. Any other access below 0xcfc reads all ones. The
 * address register is the machine's, not a processor's: guests serialise their use of it. Source:
 * PCI Local Bus Specification 3.0, 3.2.2.3.2.
 */
public final class ConfigPorts implements BusDevice {
  /** The address register's port. */
  public static final int FIRST_PORT = 0xcf8;

  /** Ports of the device. */
  public static final int PORT_COUNT = 8;

  private static final int RESET_REGISTER = 1;
  private static final int DATA = 4;
  private static final int ENABLE = 0x80000000;
  private static final int ADDRESS_MASK = 0x80fffffc;

  private final PciBus root;
  private final BusDevice resetRegister;
  private volatile int address;

  /**
   * @param resetRegister answers port 0xcf9, at offset 0
   */
  public ConfigPorts(PciBus root, BusDevice resetRegister) {
    this.root = root;
    this.resetRegister = resetRegister;
  }

  @Override
  public long read(long offset, int size) {
    if (offset >= DATA && offset < PORT_COUNT) {
      return readData((int) offset - DATA, size);
    }
    if (offset == 0 && size == 4) {
      return address & 0xffffffffL;
    }
    return offset == RESET_REGISTER && size == 1 ? resetRegister.read(0, 1) : -1;
  }

  @Override
  public void write(long offset, int size, long value) {
    if (offset >= DATA && offset < PORT_COUNT) {
      writeData((int) offset - DATA, size, value);
    } else if (offset == 0 && size == 4) {
      address = (int) value & ADDRESS_MASK;
    } else if (offset == RESET_REGISTER && size == 1) {
      resetRegister.write(0, 1, value);
    }
  }

  private long readData(int lane, int size) {
    int at = address;
    if ((at & ENABLE) == 0) {
      return -1;
    }
    // What reaches past the window reads all ones.
    int inside = Math.min(size, 4 - lane);
    long value = root.readConfig(bus(at), deviceFunction(at), (at & 0xfc) + lane, inside);
    return value | (-1L << (8 * inside));
  }

  private void writeData(int lane, int size, long value) {
    int at = address;
    if ((at & ENABLE) != 0) {
      int inside = Math.min(size, 4 - lane);
      root.writeConfig(bus(at), deviceFunction(at), (at & 0xfc) + lane, inside, value);
    }
  }

  private static int bus(int address) {
    return (address >>> 16) & 0xff;
  }

  private static int deviceFunction(int address) {
    return (address >>> 8) & 0xff;
  }
}
