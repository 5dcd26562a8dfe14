package org.vivarium.vmm.acpi;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.vivarium.kvm.GuestMemory;
import org.vivarium.vmm.arch.X86Layout;

/**
 * The ACPI tables of a machine: RSDP, FACS, DSDT, FADT, MADT, MCFG and XSDT, which point to each
 * other by guest physical addresses.
 */
public final class AcpiTables {
  private static final int ALIGNMENT = 64;

  /**
   * A table and where it belongs.
   *
   * @param signature what it is, 4 characters
   * @param gpa guest physical address
   * @param bytes its content
   */
  public record Table(String signature, long gpa, byte[] bytes) {
    private static Table after(List<Table> tables, String signature, byte[] bytes) {
      Table last = tables.getLast();
      long end = last.gpa + last.bytes.length;
      return new Table(signature, (end + ALIGNMENT - 1) & -ALIGNMENT, bytes);
    }
  }

  private AcpiTables() {}

  /** Writes the tables into their area below 1 MiB; the RSDP is at {@link X86Layout#RSDP}. */
  public static void write(GuestMemory memory, AcpiMachine machine) {
    for (Table table : build(machine)) {
      memory.write(table.gpa(), table.bytes(), 0, table.bytes().length);
    }
  }

  /**
   * Builds the tables, ascending by address.
   *
   * @throws IllegalArgumentException if they do not fit into their area, which takes thousands of
   *     processors
   */
  public static List<Table> build(AcpiMachine machine) {
    List<Table> tables = new ArrayList<>();
    tables.add(new Table("RSDP", X86Layout.RSDP, new byte[Rsdp.SIZE]));
    long facs = add(tables, "FACS", facs());
    long dsdt = add(tables, "DSDT", Dsdt.build(machine.map()));
    long[] entries = {
      add(tables, "FACP", Fadt.build(facs, dsdt)),
      add(tables, "APIC", Madt.build(machine.apicIds())),
      add(tables, "MCFG", mcfg())
    };
    long xsdt = add(tables, "XSDT", xsdt(entries));
    tables.set(0, new Table("RSDP", X86Layout.RSDP, Rsdp.build(xsdt)));
    Table last = tables.getLast();
    if (last.gpa() + last.bytes().length > X86Layout.ACPI_TABLES + X86Layout.ACPI_TABLES_SIZE) {
      throw new IllegalArgumentException(
          "ACPI tables for " + machine.apicIds().size() + " processors do not fit below 1 MiB");
    }
    return List.copyOf(tables);
  }

  private static long add(List<Table> tables, String signature, byte[] bytes) {
    Table table = Table.after(tables, signature, bytes);
    tables.add(table);
    return table.gpa();
  }

  /** Firmware ACPI control structure: a global lock that nobody else takes (ACPI 6.4, 5.2.10). */
  private static byte[] facs() {
    byte[] table = new byte[64];
    byte[] signature = "FACS".getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(signature, 0, table, 0, signature.length);
    table[4] = (byte) table.length;
    table[32] = 2;
    return table;
  }

  /** Where the PCI configuration space is mapped (PCI Firmware 3.2, 4.1.2). */
  private static byte[] mcfg() {
    return new AcpiTable("MCFG", 1)
        .zeros(8)
        .u64(X86Layout.ECAM)
        .u16(0)
        .u8(0)
        .u8(X86Layout.ECAM_BUSES - 1)
        .zeros(4)
        .toBytes();
  }

  /** Extended system description table (ACPI 6.4, 5.2.8). */
  private static byte[] xsdt(long[] entries) {
    AcpiTable table = new AcpiTable("XSDT", 1);
    for (long entry : entries) {
      table.u64(entry);
    }
    return table.toBytes();
  }
}
