package org.vivarium.vmm.acpi;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import org.vivarium.vmm.acpi.ResourceTemplate.Trigger;
import org.vivarium.vmm.arch.MemoryMap;
import org.vivarium.vmm.arch.X86Layout;

/**
 * The differentiated system description table: the devices that the guest cannot find by itself
 * (ACPI 6.4, 5.2.11.1).
 */
final class Dsdt {
  /** From 2 on, AML integers have 64 bits. */
  private static final int REVISION = 2;

  private static final UUID PCI_OSC = UUID.fromString("33DB4D5B-1FF7-401C-9657-7441C03DD766");
  private static final int OSC_UNRECOGNISED_UUID = 1 << 2;
  private static final int OSC_UNRECOGNISED_REVISION = 1 << 3;
  private static final int OSC_CAPABILITIES_MASKED = 1 << 4;

  /** PCIe and SHPC hot-plug, PME, AER, PCIe capability structure. */
  private static final int OSC_GRANTED = 0x1F;

  private Dsdt() {}

  static byte[] build(MemoryMap map) {
    Aml systemBus = Aml.scope("_SB", pciRoot(map), motherboard(), serial(), clock(), panicDevice());
    Aml sleepType = Aml.integer(X86Layout.S5_SLEEP_TYPE);
    Aml softOff =
        Aml.name("_S5", Aml.packageOf(sleepType, sleepType, Aml.integer(0), Aml.integer(0)));
    return new AcpiTable("DSDT", REVISION)
        .bytes(systemBus.toBytes())
        .bytes(Hotplug.event().toBytes())
        .bytes(softOff.toBytes())
        .toBytes();
  }

  private static Aml pciRoot(MemoryMap map) {
    Aml resources =
        new ResourceTemplate()
            .busNumbers(0, X86Layout.ECAM_BUSES - 1)
            .io(
                X86Layout.PCI_CONFIG_ADDRESS,
                X86Layout.PCI_CONFIG_END - X86Layout.PCI_CONFIG_ADDRESS)
            .ioWindow(0, X86Layout.PCI_CONFIG_ADDRESS - 1)
            .ioWindow(X86Layout.PCI_CONFIG_END, 0xFFFF)
            .memoryWindow32(
                X86Layout.PCI_MMIO32, X86Layout.PCI_MMIO32 + X86Layout.PCI_MMIO32_SIZE - 1)
            .memoryWindow64(map.mmio64Start(), map.mmio64End() - 1)
            .toAml();
    List<Aml> terms = new ArrayList<>();
    Collections.addAll(
        terms,
        Aml.name("_HID", Aml.eisaId("PNP0A08")),
        Aml.name("_CID", Aml.eisaId("PNP0A03")),
        Aml.name("_UID", Aml.integer(0)),
        Aml.name("_SEG", Aml.integer(0)),
        Aml.name("_BBN", Aml.integer(0)),
        // No DMA translation: a device sees guest physical addresses, coherently.
        Aml.name("_CCA", Aml.integer(1)),
        Aml.name("_CRS", resources),
        Aml.name("_PRT", interruptRouting()),
        pciCapabilities());
    terms.addAll(Hotplug.ofRootBus());
    return Aml.device("PCI0", terms.toArray(Aml[]::new));
  }

  /** Each slot's four INTx lines, wired to fixed GSIs (ACPI 6.4, 6.2.13). */
  private static Aml interruptRouting() {
    Aml[] lines = new Aml[X86Layout.PCI_SLOTS * 4];
    for (int i = 0; i < lines.length; i++) {
      int slot = i / 4;
      int pin = i % 4;
      lines[i] =
          Aml.packageOf(
              Aml.integer((long) slot << 16 | 0xFFFF),
              Aml.integer(pin),
              Aml.integer(0),
              Aml.integer(X86Layout.pciIntxGsi(slot, pin)));
    }
    return Aml.packageOf(lines);
  }

  /** _OSC: lets the guest drive PCI Express natively (PCI Firmware 3.2, 4.5.1). */
  private static Aml pciCapabilities() {
    Aml status = Aml.path("CDW1");
    Aml control = Aml.path("CDW3");
    return Aml.methodSerialized(
        "_OSC",
        4,
        Aml.createDWordField(Aml.arg(3), 0, "CDW1"),
        Aml.ifThen(
            Aml.equal(Aml.arg(0), Aml.uuid(PCI_OSC)),
            Aml.createDWordField(Aml.arg(3), 8, "CDW3"),
            Aml.and(control, Aml.integer(OSC_GRANTED), Aml.local(0)),
            Aml.ifThen(
                Aml.notEqual(Aml.arg(1), Aml.integer(1)),
                Aml.or(status, Aml.integer(OSC_UNRECOGNISED_REVISION), status)),
            Aml.ifThen(
                Aml.notEqual(control, Aml.local(0)),
                Aml.or(status, Aml.integer(OSC_CAPABILITIES_MASKED), status)),
            Aml.store(Aml.local(0), control)),
        Aml.otherwise(Aml.or(status, Aml.integer(OSC_UNRECOGNISED_UUID), status)),
        Aml.returns(Aml.arg(3)));
  }

  /** Linux uses ECAM only if a motherboard resource reserves it. */
  private static Aml motherboard() {
    Aml resources =
        new ResourceTemplate()
            .memory32Fixed(X86Layout.ECAM, X86Layout.ECAM_SIZE)
            .io(X86Layout.PM_BASE, X86Layout.PM_SIZE)
            .io(X86Layout.GPE0, X86Layout.GPE0_SIZE)
            .io(X86Layout.PCI_HOTPLUG, X86Layout.PCI_HOTPLUG_SIZE)
            .toAml();
    return Aml.device(
        "MBRD",
        Aml.name("_HID", Aml.eisaId("PNP0C02")),
        Aml.name("_UID", Aml.integer(0)),
        Aml.name("_CRS", resources));
  }

  private static Aml serial() {
    Aml resources =
        new ResourceTemplate()
            .io(X86Layout.SERIAL, X86Layout.SERIAL_SIZE)
            .interrupt(X86Layout.SERIAL_GSI, Trigger.EDGE)
            .toAml();
    return Aml.device(
        "COM1",
        Aml.name("_HID", Aml.eisaId("PNP0501")),
        Aml.name("_UID", Aml.integer(1)),
        Aml.name("_CRS", resources));
  }

  private static Aml clock() {
    Aml resources =
        new ResourceTemplate().io(X86Layout.RTC, X86Layout.RTC_SIZE).irq(X86Layout.RTC_GSI).toAml();
    return Aml.device("RTC", Aml.name("_HID", Aml.eisaId("PNP0B00")), Aml.name("_CRS", resources));
  }

  /** pvpanic (QEMU, docs/specs/pvpanic.rst): present and enabled, not shown to people. */
  private static Aml panicDevice() {
    return Aml.device(
        "PEVT",
        Aml.name("_HID", Aml.string("QEMU0001")),
        Aml.name("_STA", Aml.integer(0xB)),
        Aml.name("_CRS", new ResourceTemplate().io(X86Layout.PVPANIC, 1).toAml()));
  }
}
