package org.vivarium.vmm.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vivarium.kvm.CpuidEntry;

/** What a guest is told of its processors. */
class CpuidTemplateTest {
  private static final List<CpuidEntry> HOST =
      List.of(
          CpuidEntry.leaf(0x1, 0x600, 0xFF_FF_08_00, -1, -1),
          CpuidEntry.subleaf(0xB, 0, 1, 2, 3, 4),
          CpuidEntry.subleaf(0xB, 1, 5, 6, 7, 8),
          CpuidEntry.leaf(0x8000_0001, 0, 0, -1, -1),
          CpuidEntry.leaf(0x8000_0008, 0x30_30, 0, -1, 0),
          CpuidEntry.leaf(0x8000_000A, 1, 16, 0, -1));

  private static CpuidEntry leaf(int cpus, int apicId, int function, int index) {
    List<CpuidEntry> found =
        new CpuidTemplate(HOST, cpus, true)
            .forProcessor(apicId).stream()
                .filter(e -> e.function() == function && e.index() == index)
                .toList();
    assertEquals(1, found.size());
    return found.getFirst();
  }

  @Test
  void virtualizationIsNotOfferedToTheGuest() {
    assertEquals(0, leaf(1, 0, 0x1, 0).ecx() & 1 << 5, "VMX");
    assertEquals(0, leaf(1, 0, 0x8000_0001, 0).ecx() & 1 << 2, "SVM");
    assertEquals(CpuidEntry.leaf(0x8000_000A, 0, 0, 0, 0), leaf(1, 0, 0x8000_000A, 0));
  }

  @Test
  void hypervisorAndDeadlineTimerAreTold() {
    int ecx = leaf(1, 0, 0x1, 0).ecx();

    assertEquals(1 << 31 | 1 << 24, ecx & (1 << 31 | 1 << 24));
  }

  @Test
  void physicalAddressBitsAreTheHosts() {
    assertEquals(48, new CpuidTemplate(HOST, 1, true).physicalAddressBits());
    assertEquals(36, new CpuidTemplate(List.of(), 1, true).physicalAddressBits());
  }

  // The bits that number cores are as many as the largest number needs.
  @ParameterizedTest
  @CsvSource({"1, 0, 0", "2, 1, 1", "4, 3, 2", "6, 5, 3", "64, 63, 6"})
  void topologyIsOnePackageOfCoresWithOneThread(int cpus, int apicId, int coreBits) {
    CpuidEntry features = leaf(cpus, apicId, 0x1, 0);
    assertEquals(apicId, features.ebx() >>> 24);
    assertEquals(1 << coreBits, features.ebx() >>> 16 & 0xFF);
    assertEquals(cpus > 1, (features.edx() & 1 << 28) != 0, "HTT");

    CpuidEntry threads = leaf(cpus, apicId, 0xB, 0);
    assertEquals(List.of(0, 1, 1 << 8, apicId), registers(threads));
    CpuidEntry cores = leaf(cpus, apicId, 0xB, 1);
    assertEquals(List.of(coreBits, cpus, 2 << 8 | 1, apicId), registers(cores));
    assertEquals(0, leaf(cpus, apicId, 0xB, 2).ebx());

    CpuidEntry sizes = leaf(cpus, apicId, 0x8000_0008, 0);
    assertEquals(cpus - 1, sizes.ecx() & 0xFF);
    assertEquals(coreBits, sizes.ecx() >>> 12 & 0xF);
  }

  @Test
  void extendedTopologyIsNotPromisedWithoutItsLeaf() {
    assertFalse((leaf(1, 0, 0x8000_0001, 0).ecx() & 1 << 22) != 0);
  }

  private static List<Integer> registers(CpuidEntry entry) {
    return List.of(entry.eax(), entry.ebx(), entry.ecx(), entry.edx());
  }
}
