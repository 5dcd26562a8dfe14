package org.vivarium.devices.pci;

import org.vivarium.devices.bus.InterruptLine;

/**
 * The machine's wiring of INTx pins to interrupt controller inputs, the same that its {@code _PRT}
 * describes.
 */
public interface IntxRouter {
  /**
   * A new source on the line of a pin; several pins may share a line. Called while the machine is
   * assembled or a device plugged in.
   *
   * @param slot device number on the root bus, 0 to 31
   * @param pin 1 to 4 for INTA# to INTD#
   */
  InterruptLine connect(int slot, int pin);

  /** The line's GSI, 0 to 254, for the interrupt line register. */
  int gsi(int slot, int pin);
}
