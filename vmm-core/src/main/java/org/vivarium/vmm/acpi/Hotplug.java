package org.vivarium.vmm.acpi;

import java.util.ArrayList;
import java.util.List;
import org.vivarium.vmm.arch.X86Layout;

/**
 * How the guest learns that disks come and go: a general-purpose event whose method reads which
 * slots it is about and tells their drivers (ACPI 6.4, 5.6.4 and 6.3; the registers are those of
 * {@link org.vivarium.devices.pci.PciHotplug}).
 */
final class Hotplug {
  private static final int DEVICE_CHECK = 1;
  private static final int EJECT_REQUEST = 3;

  private Hotplug() {}

  /** The event's method, in its scope; its name has the event's number in two digits. */
  static Aml event() {
    return Aml.scope(
        "_GPE",
        Aml.methodSerialized("_E0" + X86Layout.HOTPLUG_EVENT, 0, Aml.path("\\_SB.PCI0.PCNT")));
  }

  /** The registers, the slots that can be ejected, and the method that looks at them. */
  static List<Aml> ofRootBus() {
    List<Aml> terms = new ArrayList<>();
    terms.add(Aml.portRegion("PHPR", X86Layout.PCI_HOTPLUG, X86Layout.PCI_HOTPLUG_SIZE));
    terms.add(Aml.dwordFields("PHPR", "PCIU", "PCID", "B0EJ"));
    List<Aml> look = new ArrayList<>();
    look.add(Aml.store(Aml.path("PCIU"), Aml.local(0)));
    look.add(Aml.store(Aml.path("PCID"), Aml.local(1)));
    for (int i = 0; i < X86Layout.DISK_SLOTS; i++) {
      int slot = X86Layout.DISK_SLOT + i;
      terms.add(slot(slot));
      look.add(tell(0, slot, DEVICE_CHECK));
      look.add(tell(1, slot, EJECT_REQUEST));
    }
    terms.add(Aml.methodSerialized("PCNT", 0, look.toArray(Aml[]::new)));
    return terms;
  }

  private static Aml slot(int slot) {
    return Aml.device(
        name(slot),
        Aml.name("_ADR", Aml.integer((long) slot << 16)),
        Aml.name("_SUN", Aml.integer(slot)),
        Aml.methodNotSerialized("_EJ0", 1, Aml.store(Aml.integer(1L << slot), Aml.path("B0EJ"))));
  }

  private static Aml tell(int slots, int slot, int what) {
    return Aml.ifThen(
        Aml.and(Aml.local(slots), Aml.integer(1L << slot)), Aml.notify(Aml.path(name(slot)), what));
  }

  /** Without a format: a number's would have the locale's data loaded, at each machine's start. */
  private static String name(int slot) {
    return (slot < 10 ? "S0" : "S") + slot;
  }
}
