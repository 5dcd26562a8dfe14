package org.vivarium.vmm.machine;

import org.vivarium.vmm.cpu.VcpuEvents;

/** What the hardware tells the machine's control. Called on processors' threads; does not block. */
interface MachineSignals extends VcpuEvents {
  /** The guest entered S5. */
  void poweredOff();

  /**
   * The guest asked to be reset.
   *
   * @param how which of the ways, for people
   */
  void resetRequested(String how);

  /** The guest's pvpanic driver told of a panic. */
  void panicked();

  /** The guest wrote a byte to the debug port. */
  void debugByte(int value);
}
