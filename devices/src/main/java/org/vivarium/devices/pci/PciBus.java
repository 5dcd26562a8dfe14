package org.vivarium.devices.pci;

import org.jspecify.annotations.Nullable;
import org.vivarium.devices.bus.Bus;
import org.vivarium.devices.bus.InterruptLine;

/**
 * The root bus: 32 slots of 8 functions.
 *
 * <p>Devices are added and removed while the machine is assembled or by hot-plug, on any thread;
 * look-ups run without a lock. The bus has number 0 and no bridges below it: functions on other
 * buses are absent.
 */
public final class PciBus {
  /** Slots of a bus. */
  public static final int SLOTS = 32;

  /** Functions of a slot. */
  public static final int FUNCTIONS = 8;

  private static final int NO_INTERRUPT_LINE = 0xff;

  private static final InterruptLine UNCONNECTED =
      new InterruptLine() {
        @Override
        public void setLevel(boolean asserted) {
          // The function has no INTx pin.
        }

        @Override
        public void pulse() {
          // The function has no INTx pin.
        }
      };

  private final Bus mmio;
  private final Bus pio;
  private final PciBar.Window window;
  private final IntxRouter router;
  private volatile @Nullable PciDevice[] devices = new PciDevice[SLOTS * FUNCTIONS];

  /**
   * @param mmio where memory regions are put
   * @param pio where I/O regions are put
   * @param window says where memory regions may be: outside of RAM
   * @param router wires INTx pins
   */
  public PciBus(Bus mmio, Bus pio, PciBar.Window window, IntxRouter router) {
    this.mmio = mmio;
    this.pio = pio;
    this.window = window;
    this.router = router;
  }

  /**
   * Puts a device into a slot.
   *
   * @param slot 0 to 31
   * @param function 0 to 7; a guest looks at the others only if 0 is there
   * @throws IllegalArgumentException if the place is impossible or taken
   */
  public synchronized void add(int slot, int function, PciDevice device) {
    if (slot < 0 || slot >= SLOTS || function < 0 || function >= FUNCTIONS) {
      throw new IllegalArgumentException("No PCI function %d.%d".formatted(slot, function));
    }
    @Nullable PciDevice[] changed = devices.clone();
    int at = slot * FUNCTIONS + function;
    if (changed[at] != null) {
      throw new IllegalArgumentException("PCI function %d.%d is taken".formatted(slot, function));
    }
    int pin = device.interruptPin();
    InterruptLine line = pin == 0 ? UNCONNECTED : router.connect(slot, pin);
    int lineRegister = pin == 0 ? NO_INTERRUPT_LINE : router.gsi(slot, pin);
    device.attach(new PciDevice.Attachment(mmio, pio, window, line), lineRegister);
    changed[at] = device;
    devices = changed;
    PciDevice first = changed[slot * FUNCTIONS];
    if (first != null && countFunctions(changed, slot) > 1) {
      first.setMultiFunction();
    }
  }

  /** Takes a device out of its slot: its regions go and its interrupt is released. */
  public synchronized void remove(int slot, int function) {
    @Nullable PciDevice[] changed = devices.clone();
    PciDevice device = changed[slot * FUNCTIONS + function];
    changed[slot * FUNCTIONS + function] = null;
    devices = changed;
    if (device != null) {
      device.detach();
    }
  }

  /** Resets every device. */
  public void reset() {
    for (PciDevice device : devices) {
      if (device != null) {
        device.reset();
      }
    }
  }

  /**
   * Reads configuration space; all ones if there is no such function.
   *
   * @param bus 0 to 255
   * @param deviceFunction slot and function, 0 to 255
   * @param offset bytes, 0 to 4095
   * @param size 1, 2 or 4 bytes
   */
  public long readConfig(int bus, int deviceFunction, int offset, int size) {
    PciDevice device = find(bus, deviceFunction);
    return device == null ? -1 : device.readConfig(offset, size);
  }

  /** Writes configuration space, with the parameters of {@link #readConfig}. */
  public void writeConfig(int bus, int deviceFunction, int offset, int size, long value) {
    PciDevice device = find(bus, deviceFunction);
    if (device != null) {
      device.writeConfig(offset, size, value);
    }
  }

  /** The device at {@code deviceFunction} of {@code bus}, if there is one. */
  public @Nullable PciDevice find(int bus, int deviceFunction) {
    return bus == 0 && deviceFunction >= 0 && deviceFunction < SLOTS * FUNCTIONS
        ? devices[deviceFunction]
        : null;
  }

  private static int countFunctions(@Nullable PciDevice[] devices, int slot) {
    int count = 0;
    for (int function = 0; function < FUNCTIONS; function++) {
      count += devices[slot * FUNCTIONS + function] != null ? 1 : 0;
    }
    return count;
  }
}
