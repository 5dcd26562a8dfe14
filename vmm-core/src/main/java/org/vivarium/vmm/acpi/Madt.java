package org.vivarium.vmm.acpi;

import java.util.List;
import org.vivarium.vmm.arch.X86Layout;

/** The multiple APIC description table: processors and interrupt wiring (ACPI 6.4, 5.2.12). */
final class Madt {
  private static final int REVISION = 5;
  private static final int PCAT_COMPAT = 1;
  private static final int LOCAL_APIC = 0;
  private static final int IO_APIC = 1;
  private static final int INTERRUPT_SOURCE_OVERRIDE = 2;
  private static final int LOCAL_APIC_NMI = 4;
  private static final int LOCAL_X2APIC = 9;
  private static final int LOCAL_X2APIC_NMI = 0xA;
  private static final int ENABLED = 1;

  /** First APIC ID that does not fit a local APIC entry: 255 is the broadcast ID. */
  private static final int FIRST_X2APIC_ID = 255;

  private static final int CONFORMS_TO_BUS = 0;
  private static final int LEVEL_ACTIVE_HIGH = 0b1101;
  private static final int ALL_PROCESSORS = 0xFF;
  private static final long ALL_X2APIC_PROCESSORS = 0xFFFF_FFFFL;
  private static final int NMI_PIN = 1;
  private static final int ISA_TIMER = 0;

  private Madt() {}

  static byte[] build(List<Integer> apicIds) {
    AcpiTable table = new AcpiTable("APIC", REVISION);
    table.u32(X86Layout.LAPIC).u32(PCAT_COMPAT);
    boolean x2apic = false;
    for (int cpu = 0; cpu < apicIds.size(); cpu++) {
      int id = apicIds.get(cpu);
      if (id < FIRST_X2APIC_ID && cpu < ALL_PROCESSORS) {
        table.u8(LOCAL_APIC).u8(8).u8(cpu).u8(id).u32(ENABLED);
      } else {
        x2apic = true;
        table.u8(LOCAL_X2APIC).u8(16).u16(0).u32(id).u32(ENABLED).u32(cpu);
      }
    }
    table.u8(IO_APIC).u8(12).u8(X86Layout.IOAPIC_ID).u8(0).u32(X86Layout.IOAPIC).u32(0);
    override(table, ISA_TIMER, X86Layout.TIMER_GSI, CONFORMS_TO_BUS);
    override(table, X86Layout.SCI_GSI, X86Layout.SCI_GSI, LEVEL_ACTIVE_HIGH);
    table.u8(LOCAL_APIC_NMI).u8(6).u8(ALL_PROCESSORS).u16(CONFORMS_TO_BUS).u8(NMI_PIN);
    if (x2apic) {
      table.u8(LOCAL_X2APIC_NMI).u8(12).u16(CONFORMS_TO_BUS).u32(ALL_X2APIC_PROCESSORS);
      table.u8(NMI_PIN).zeros(3);
    }
    return table.toBytes();
  }

  private static void override(AcpiTable table, int irq, int gsi, int flags) {
    table.u8(INTERRUPT_SOURCE_OVERRIDE).u8(10).u8(0).u8(irq).u32(gsi).u16(flags);
  }
}
