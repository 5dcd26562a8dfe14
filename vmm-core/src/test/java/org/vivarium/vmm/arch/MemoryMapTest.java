package org.vivarium.vmm.arch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.vivarium.kvm.GuestMemory.Range;
import org.vivarium.vmm.InvalidConfigException;

class MemoryMapTest {
  private static final long MIB = 1L << 20;
  private static final long GIB = 1L << 30;

  @Test
  void smallMachineHasOneRange() throws Exception {
    MemoryMap map = MemoryMap.of(128 * MIB, 40);

    assertEquals(List.of(new Range(0, 128 * MIB)), map.ramRanges());
    assertEquals(4 * GIB, map.mmio64Start());
    assertEquals(68 * GIB, map.mmio64End());
  }

  @Test
  void ramContinuesAboveTheHole() throws Exception {
    MemoryMap map = MemoryMap.of(6 * GIB, 40);

    assertEquals(List.of(new Range(0, 3 * GIB), new Range(4 * GIB, 3 * GIB)), map.ramRanges());
    assertEquals(7 * GIB, map.mmio64Start());
    assertEquals(6 * GIB, map.memoryBytes());
  }

  @ParameterizedTest
  @CsvSource({"32, 40", "3071, 40", "3072, 36", "3073, 40", "6144, 39", "524288, 46"})
  void entriesAreAscendingAndHoldTheRam(long mebibytes, int bits) throws Exception {
    MemoryMap map = MemoryMap.of(mebibytes * MIB, bits);

    long previousEnd = 0;
    long ram = 0;
    for (MemoryMap.Entry entry : map.entries()) {
      assertTrue(entry.start() >= previousEnd && entry.size() > 0);
      previousEnd = entry.end();
      ram += entry.kind() == MemoryMap.Kind.RAM ? entry.size() : 0;
    }
    // All but the EBDA, the VGA window and the firmware area below 1 MiB.
    assertEquals(mebibytes * MIB - (X86Layout.EXTENDED_MEMORY - X86Layout.EBDA), ram);
    assertTrue(map.mmio64Start() >= map.highRamEnd());
    assertTrue(map.mmio64End() >= map.mmio64Start() + X86Layout.PCI_MMIO64_ALIGN);
    assertTrue(map.mmio64End() < 1L << bits);
    assertEquals(0, map.mmio64Start() % X86Layout.PCI_MMIO64_ALIGN);
  }

  @Test
  void ramThatThePhysicalAddressesDoNotReachIsRefused() throws Exception {
    InvalidConfigException refusal =
        assertThrows(InvalidConfigException.class, () -> MemoryMap.of(512 * GIB, 39));

    assertEquals(
        "Memory: 524288 MiB is more than this processor's 39 physical address bits have room for; "
            + "choose at most 505856 MiB.",
        refusal.getMessage());
    assertTrue(MemoryMap.of(505856 * MIB, 39).mmio64Start() > 0);
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1, -1, 4096, 2 * MIB + 1, Long.MIN_VALUE, Long.MAX_VALUE, 1L << 62})
  void impossibleSizesAreRefused(long bytes) {
    assertThrows(InvalidConfigException.class, () -> MemoryMap.of(bytes, 48));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 32, 35, 53, 64, -1})
  void impossibleAddressWidthsAreRefused(int bits) {
    assertThrows(InvalidConfigException.class, () -> MemoryMap.of(128 * MIB, bits));
  }

  @Test
  void neighbouringSlotsUseDifferentInterruptPins() {
    assertEquals(16, X86Layout.pciIntxGsi(0, 0));
    assertEquals(17, X86Layout.pciIntxGsi(1, 0));
    assertEquals(23, X86Layout.pciIntxGsi(4, 3));
    assertEquals(18, X86Layout.pciIntxGsi(31, 3));
  }
}
