package org.vivarium.vmm.acpi;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vivarium.vmm.arch.MemoryMap;

/** What Intel's tool makes of the tables; fails where iasl is not installed. */
class IaslTest {
  private static final long MIB = 1L << 20;

  @TempDir private Path folder;

  private static List<AcpiTables.Table> tables(int cpus, long mebibytes, int bits)
      throws Exception {
    return AcpiTables.build(AcpiMachine.of(cpus, MemoryMap.of(mebibytes * MIB, bits)));
  }

  private String dsdtSource(long mebibytes) throws Exception {
    for (AcpiTables.Table table : tables(1, mebibytes, 40)) {
      if (table.signature().equals("DSDT")) {
        return new Iasl(folder).disassemble("DSDT", table.bytes());
      }
    }
    throw new AssertionError("No DSDT");
  }

  @ParameterizedTest
  @CsvSource({"1, 128, 40", "4, 6144, 40", "64, 3072, 36", "64, 524288, 52"})
  void tablesSurviveDisassemblyAndCompilationWithoutARemark(int cpus, long mebibytes, int bits)
      throws Exception {
    Iasl iasl = new Iasl(folder);
    for (AcpiTables.Table table : tables(cpus, mebibytes, bits)) {
      if (table.signature().equals("RSDP")) {
        continue;
      }
      String source = iasl.disassemble(table.signature(), table.bytes());

      byte[] again = iasl.compile(table.signature(), source);

      // The compiler puts its own name and version into bytes 28 to 35, and a new checksum.
      assertEquals(table.bytes().length, again.length, table.signature());
      if (!table.signature().equals("FACS")) {
        assertArrayEquals(
            Arrays.copyOfRange(table.bytes(), 36, again.length),
            Arrays.copyOfRange(again, 36, again.length),
            table.signature());
      }
    }
  }

  @Test
  void dsdtNamesTheDevicesAndTheirResources() throws Exception {
    String source = dsdtSource(6144).replaceAll("\\s+", " ");

    for (String expected :
        List.of(
            "Device (PCI0)",
            "EisaId (\"PNP0A08\")",
            "EisaId (\"PNP0A03\")",
            "Device (COM1)",
            "EisaId (\"PNP0501\")",
            "EisaId (\"PNP0B00\")",
            "EisaId (\"PNP0C02\")",
            "\"QEMU0001\"",
            "0x03F8, // Range Minimum",
            "0xC0000000, // Range Minimum 0xDFFFFFFF, // Range Maximum",
            "0x00000001C0000000, // Range Minimum 0x00000011BFFFFFFF, // Range Maximum",
            "0xE0000000, // Address Base 0x00100000, // Address Length",
            "ToUUID (\"33db4d5b-1ff7-401c-9657-7441c03dd766\")",
            "Name (_S5, Package (0x04) // _S5_: S5 System State { 0x05, 0x05, Zero, Zero })",
            "Package (0x04) { 0x001FFFFF, 0x03, Zero, 0x12 }")) {
      assertTrue(source.contains(expected), expected + " is not in the DSDT");
    }
  }
}
