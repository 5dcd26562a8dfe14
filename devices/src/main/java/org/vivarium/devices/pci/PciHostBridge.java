package org.vivarium.devices.pci;

/**
 * A plain PCI Express host bridge without registers of its own, for slot 0: the ids are those of
 * QEMU's generic one, which needs no driver and no quirk.
 */
public final class PciHostBridge extends PciDevice {
  private static final PciId ID = new PciId(0x1b36, 0x0008, 0x060000, 0, 0x1af4, 0x1100);

  /** A bridge that is on no bus yet. */
  public PciHostBridge() {
    super(PciConfigSpace.type0(PciConfigSpace.CONVENTIONAL_SIZE, ID));
  }
}
