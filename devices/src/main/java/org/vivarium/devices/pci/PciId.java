package org.vivarium.devices.pci;

/**
 * What a PCI function says it is.
 *
 * @param vendor vendor id, 16 bits
 * @param device device id, 16 bits
 * @param classCode base class, sub-class and programming interface, 24 bits: {@code 0x020000} is an
 *     Ethernet controller
 * @param revision revision id, 8 bits
 * @param subsystemVendor subsystem vendor id, 16 bits
 * @param subsystem subsystem id, 16 bits
 */
public record PciId(
    int vendor, int device, int classCode, int revision, int subsystemVendor, int subsystem) {
  /** Checks the widths. */
  public PciId {
    check("vendor", vendor, 16);
    check("device", device, 16);
    check("classCode", classCode, 24);
    check("revision", revision, 8);
    check("subsystemVendor", subsystemVendor, 16);
    check("subsystem", subsystem, 16);
  }

  private static void check(String field, int value, int bits) {
    if (value < 0 || value >= 1 << bits) {
      throw new IllegalArgumentException(
          "PCI identity: %s 0x%x does not fit %d bits".formatted(field, value, bits));
    }
  }
}
