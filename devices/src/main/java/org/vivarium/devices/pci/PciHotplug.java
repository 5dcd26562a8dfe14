package org.vivarium.devices.pci;

import java.util.function.IntConsumer;
import org.vivarium.devices.bus.BusDevice;

/**
 * The registers through which ACPI's control methods plug PCI devices in and out, in the manner of
 * QEMU's (docs/specs/acpi_pci_hotplug.rst): bit n of each stands for slot n of the root bus.
 *
 * <p>Three registers of 32 bits: at 0 the slots into which a device was put, at 4 those whose
 * device is to go, each cleared when it is read; at 8 a written 1 says that the guest has let go of
 * the slot's device. Accesses other than aligned ones of 4 bytes read 0 and do nothing. Any thread.
 */
public final class PciHotplug implements BusDevice {
  /** Ports of the registers, padded to a power of two. */
  public static final int PORT_COUNT = 16;

  private static final int PLUGGED = 0;
  private static final int LEAVING = 4;
  private static final int EJECT = 8;
  private static final int WIDTH = 4;

  private final Runnable event;
  private final IntConsumer ejected;
  private int plugged;
  private int leaving;

  /**
   * @param event raises the event whose method reads the registers
   * @param ejected told of each slot that the guest has let go of, asked or not, on a virtual
   *     processor's thread; must not block
   */
  public PciHotplug(Runnable event, IntConsumer ejected) {
    this.event = event;
    this.ejected = ejected;
  }

  /** Tells the guest that a device was put into a slot. */
  public void announce(int slot) {
    synchronized (this) {
      plugged |= 1 << slot;
    }
    event.run();
  }

  /** Asks the guest to let go of a slot's device. */
  public void requestEject(int slot) {
    synchronized (this) {
      leaving |= 1 << slot;
    }
    event.run();
  }

  @Override
  public synchronized long read(long offset, int size) {
    if (size != WIDTH) {
      return 0;
    }
    int value = 0;
    if (offset == PLUGGED) {
      value = plugged;
      plugged = 0;
    } else if (offset == LEAVING) {
      value = leaving;
      leaving = 0;
    }
    return Integer.toUnsignedLong(value);
  }

  @Override
  public void write(long offset, int size, long value) {
    if (offset != EJECT || size != WIDTH) {
      return;
    }
    for (int slot = 0; slot < PciBus.SLOTS; slot++) {
      if ((value & 1L << slot) != 0) {
        ejected.accept(slot);
      }
    }
  }
}
