package org.vivarium.vmm.acpi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.vivarium.vmm.acpi.ResourceTemplate.Trigger;

class AmlTest {
  @TempDir private Path folder;

  private static String hex(Aml term) {
    return HexFormat.of().formatHex(term.toBytes());
  }

  @ParameterizedTest
  @CsvSource({
    "0, 00",
    "1, 01",
    "2, 0a02",
    "255, 0aff",
    "256, 0b0001",
    "65535, 0bffff",
    "65536, 0c00000100",
    "4294967295, 0cffffffff",
    "4294967296, 0e0000000001000000",
    "-1, 0effffffffffffffff"
  })
  void integersAreAsShortAsTheyCanBe(long value, String expected) {
    assertEquals(expected, hex(Aml.integer(value)));
  }

  @ParameterizedTest
  @CsvSource({
    "A, 415f5f5f",
    "_HID, 5f484944",
    "\\, 5c00",
    "\\_SB, 5c5f53425f",
    "^^AB, 5e5e41425f5f",
    "\\_SB.PCI0, 5c2e5f53425f50434930",
    "A.B.C, 2f03415f5f5f425f5f5f435f5f5f"
  })
  void pathsAreEncodedAsSegments(String path, String expected) {
    assertEquals(expected, hex(Aml.path(path)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"a", "ABCDE", "1A", "A.", ".A", "A..B", "^\\A", "A B", "\u00c4"})
  void otherPathsAreRefused(String path) {
    assertThrows(IllegalArgumentException.class, () -> Aml.path(path));
  }

  @ParameterizedTest
  @CsvSource({"0, 1102", "60, 113f", "61, 114104", "4090, 114fff", "4091, 11810001"})
  void packageLengthCountsItself(int size, String expected) {
    // A buffer's own size field takes 1, 2 or 3 bytes after the length.
    int sizeField = size == 0 ? 1 : size < 256 ? 2 : 3;
    String actual = hex(Aml.buffer(new byte[size]));

    assertEquals(expected, actual.substring(0, expected.length()));
    assertEquals(expected.length() / 2 + sizeField + size, actual.length() / 2);
  }

  @Test
  void packageLengthOfFourBytesIsWritten() {
    assertEquals("11c90000010c00001000", hex(Aml.buffer(new byte[1 << 20])).substring(0, 20));
  }

  @Test
  void eisaIdsAreCompressed() {
    assertEquals("0c41d00a08", hex(Aml.eisaId("PNP0A08")));
    assertEquals("0c41d00501", hex(Aml.eisaId("PNP0501")));
    assertThrows(IllegalArgumentException.class, () -> Aml.eisaId("QEMU0001"));
  }

  @Test
  void otherArgumentsAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> Aml.local(8));
    assertThrows(IllegalArgumentException.class, () -> Aml.arg(7));
    assertThrows(IllegalArgumentException.class, () -> Aml.string("\u00e9"));
    assertThrows(IllegalArgumentException.class, () -> Aml.string("a\0"));
    assertThrows(IllegalArgumentException.class, () -> Aml.packageOf(new Aml[256]));
    assertThrows(IllegalArgumentException.class, () -> Aml.methodSerialized("M", 8));
    assertThrows(IllegalArgumentException.class, () -> new ResourceTemplate().ioWindow(5, 4));
    assertThrows(
        IllegalArgumentException.class, () -> new ResourceTemplate().ioWindow(0, 0x1_0000));
    assertThrows(
        IllegalArgumentException.class,
        () -> new ResourceTemplate().memoryWindow32(0, 0x1_0000_0000L));
  }

  @Test
  void methodsReadAsTheyWereWritten() throws Exception {
    Aml device =
        Aml.device(
            "DEV0",
            Aml.name("_HID", Aml.string("TEST0001")),
            Aml.name("_UID", Aml.integer(7)),
            Aml.name(
                "_CRS",
                new ResourceTemplate()
                    .interrupt(20, Trigger.LEVEL)
                    .interrupt(5, Trigger.EDGE)
                    .toAml()),
            Aml.methodNotSerialized(
                "SCAN",
                1,
                Aml.ifThen(
                    Aml.equal(Aml.arg(0), Aml.integer(3)),
                    Aml.notify(Aml.path("\\_SB.DEV0"), 1),
                    Aml.returns(Aml.integer(1))),
                Aml.otherwise(Aml.store(Aml.arg(0), Aml.local(2))),
                Aml.returns(Aml.local(2))));
    byte[] table = new AcpiTable("SSDT", 2).bytes(Aml.scope("\\_SB", device).toBytes()).toBytes();

    String source =
        new Iasl(folder)
            .disassemble("SSDT", table)
            .replaceAll("//[^\n]*", "")
            .replaceAll("\\s+", " ");

    assertTrue(source.contains("Interrupt (ResourceConsumer, Level, ActiveHigh, Shared"), source);
    assertTrue(source.contains("Interrupt (ResourceConsumer, Edge, ActiveHigh, Exclusive"), source);
    assertTrue(
        source.contains(
            "Method (SCAN, 1, NotSerialized) { If ((Arg0 == 0x03)) { Notify (\\_SB.DEV0, One)"
                + " Return (One) } Else { Local2 = Arg0 } Return (Local2) }"),
        source);
  }
}
