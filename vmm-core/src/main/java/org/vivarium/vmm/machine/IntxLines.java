package org.vivarium.vmm.machine;

import org.vivarium.devices.bus.InterruptLine;
import org.vivarium.devices.bus.WiredOrLine;
import org.vivarium.devices.pci.IntxRouter;
import org.vivarium.vmm.arch.X86Layout;

/** Wires PCI INTx pins to the I/O APIC as the DSDT's _PRT tells the guest. */
final class IntxLines implements IntxRouter {
  private final WiredOrLine[] lines = new WiredOrLine[X86Layout.PCI_INTX_GSIS];

  IntxLines(InterruptLines interrupts) {
    for (int i = 0; i < lines.length; i++) {
      lines[i] = new WiredOrLine(interrupts.level(X86Layout.PCI_INTX_GSI + i));
    }
  }

  @Override
  public InterruptLine connect(int slot, int pin) {
    return lines[gsi(slot, pin) - X86Layout.PCI_INTX_GSI].newInput();
  }

  @Override
  public int gsi(int slot, int pin) {
    return X86Layout.pciIntxGsi(slot, pin - 1);
  }
}
