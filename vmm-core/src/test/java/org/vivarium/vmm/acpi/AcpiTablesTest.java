package org.vivarium.vmm.acpi;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.vivarium.kvm.GuestMemory;
import org.vivarium.vmm.arch.MemoryMap;

class AcpiTablesTest {
  private static final long MIB = 1L << 20;

  private static List<AcpiTables.Table> tables(int cpus) throws Exception {
    return AcpiTables.build(AcpiMachine.of(cpus, MemoryMap.of(128 * MIB, 40)));
  }

  private static ByteBuffer table(String signature, int cpus) throws Exception {
    AcpiTables.Table found =
        tables(cpus).stream().filter(t -> t.signature().equals(signature)).findAny().orElseThrow();
    return ByteBuffer.wrap(found.bytes()).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static int sum(byte[] bytes, int length) {
    return IntStream.range(0, length).map(i -> bytes[i]).sum() & 0xFF;
  }

  /** The entries of a MADT, in hexadecimal. */
  private static List<String> entries(ByteBuffer madt) {
    List<String> entries = new ArrayList<>();
    for (int at = 44; at < madt.limit(); at += madt.get(at + 1)) {
      byte[] entry = new byte[madt.get(at + 1)];
      madt.get(at, entry);
      entries.add(java.util.HexFormat.of().formatHex(entry));
    }
    return entries;
  }

  @Test
  void everyTableHasItsSignatureLengthAndChecksum() throws Exception {
    for (AcpiTables.Table table : tables(64)) {
      if (table.signature().equals("RSDP")) {
        continue;
      }
      ByteBuffer bytes = ByteBuffer.wrap(table.bytes()).order(ByteOrder.LITTLE_ENDIAN);
      assertEquals(table.signature(), new String(table.bytes(), 0, 4, StandardCharsets.US_ASCII));
      assertEquals(table.bytes().length, bytes.getInt(4));
      // The FACS alone has no checksum.
      assertTrue(table.signature().equals("FACS") || sum(table.bytes(), table.bytes().length) == 0);
    }
  }

  @Test
  void tablesLieInTheFirmwareAreaWithoutOverlap() throws Exception {
    long previousEnd = 0xE_0000;
    for (AcpiTables.Table table : tables(64)) {
      assertTrue(table.gpa() >= previousEnd);
      assertEquals(0, table.gpa() % 64);
      previousEnd = table.gpa() + table.bytes().length;
    }
    assertTrue(previousEnd <= 0x10_0000);
  }

  @Test
  void rsdpPointsToTheXsdtAndThatToTheRest() throws Exception {
    Map<Long, String> byAddress =
        tables(1).stream()
            .collect(Collectors.toMap(AcpiTables.Table::gpa, AcpiTables.Table::signature));
    ByteBuffer rsdp = table("RSDP", 1);
    ByteBuffer xsdt = table("XSDT", 1);
    ByteBuffer fadt = table("FACP", 1);

    assertEquals("RSD PTR ", new String(rsdp.array(), 0, 8, StandardCharsets.US_ASCII));
    assertEquals(0, sum(rsdp.array(), 20));
    assertEquals(0, sum(rsdp.array(), 36));
    assertEquals(2, rsdp.get(15));
    assertEquals("XSDT", byAddress.get(rsdp.getLong(24)));
    List<String> listed =
        IntStream.range(0, (xsdt.limit() - 36) / 8)
            .mapToObj(i -> String.valueOf(byAddress.get(xsdt.getLong(36 + 8 * i))))
            .toList();
    assertEquals(List.of("FACP", "APIC", "MCFG"), listed);
    assertEquals("FACS", byAddress.get((long) fadt.getInt(36)));
    assertEquals("DSDT", byAddress.get((long) fadt.getInt(40)));
    assertEquals("DSDT", byAddress.get(fadt.getLong(140)));
  }

  @Test
  void fadtNamesTheRegistersOfTheLayout() throws Exception {
    ByteBuffer fadt = table("FACP", 1);

    assertEquals(276, fadt.limit());
    assertEquals(6, fadt.get(8));
    assertEquals(9, fadt.getShort(46));
    assertEquals(0x600, fadt.getInt(56));
    assertEquals(0x604, fadt.getInt(64));
    assertEquals(0x608, fadt.getInt(76));
    assertEquals(4, fadt.get(88));
    assertEquals(2, fadt.get(89));
    assertEquals(0x610, fadt.getInt(80));
    assertEquals(4, fadt.get(91));
    assertEquals(4, fadt.get(92));
    assertEquals(0x32, fadt.get(108));
    assertEquals(0x15, fadt.getShort(109));
    assertEquals(0x565, fadt.getInt(112));
    assertEquals(0x0100_0801, fadt.getInt(116));
    assertEquals(0xCF9, fadt.getLong(120));
    assertEquals(6, fadt.get(128));
    assertEquals(0x600, fadt.getLong(148 + 4));
    assertEquals(0x604, fadt.getLong(172 + 4));
    assertEquals(0x608, fadt.getLong(208 + 4));
    assertEquals(0x610, fadt.getLong(220 + 4));
  }

  @Test
  void madtListsProcessorsAndWiring() throws Exception {
    assertEquals(
        List.of(
            "0008000001000000",
            "0008010101000000",
            "010c00000000c0fe00000000",
            "020a0000020000000000",
            "020a0009090000000d00",
            "0406ff000001"),
        entries(table("APIC", 2)));
  }

  @Test
  void madtUsesX2ApicEntriesFromId255On() throws Exception {
    MemoryMap map = MemoryMap.of(128 * MIB, 40);
    AcpiMachine machine = new AcpiMachine(List.of(254, 255, 300), map);

    List<String> entries =
        AcpiTables.build(machine).stream()
            .filter(t -> t.signature().equals("APIC"))
            .map(t -> ByteBuffer.wrap(t.bytes()))
            .flatMap(t -> entries(t).stream())
            .toList();

    assertEquals("000800fe01000000", entries.get(0));
    assertEquals("09100000ff0000000100000001000000", entries.get(1));
    assertEquals("091000002c0100000100000002000000", entries.get(2));
    assertEquals("0a0c0000ffffffff01000000", entries.getLast());
  }

  @Test
  void mcfgNamesEcam() throws Exception {
    ByteBuffer mcfg = table("MCFG", 1);

    assertEquals(0xE000_0000L, mcfg.getLong(44));
    assertEquals(0, mcfg.get(54));
    assertEquals(0, mcfg.get(55));
    assertEquals(60, mcfg.limit());
  }

  @Test
  void writtenTablesAreTheBuiltOnes() throws Exception {
    MemoryMap map = MemoryMap.of(32 * MIB, 40);
    AcpiMachine machine = AcpiMachine.of(4, map);
    try (GuestMemory memory =
        GuestMemory.allocate(map.ramRanges(), GuestMemory.Backing.ANONYMOUS)) {
      AcpiTables.write(memory, machine);

      for (AcpiTables.Table table : AcpiTables.build(machine)) {
        byte[] written = new byte[table.bytes().length];
        memory.read(table.gpa(), written, 0, written.length);
        assertArrayEquals(table.bytes(), written);
      }
    }
  }

  @Test
  void tooManyProcessorsForTheAreaAreRefused() throws Exception {
    MemoryMap map = MemoryMap.of(128 * MIB, 40);

    assertThrows(
        IllegalArgumentException.class, () -> AcpiTables.build(AcpiMachine.of(10_000, map)));
    assertThrows(IllegalArgumentException.class, () -> AcpiMachine.of(0, map));
    assertThrows(IllegalArgumentException.class, () -> new AcpiMachine(List.of(-1), map));
  }

  @Test
  void tableAddressesAreDistinct() throws Exception {
    Function<AcpiTables.Table, Long> address = AcpiTables.Table::gpa;
    assertEquals(7, tables(1).stream().map(address).distinct().count());
  }
}
