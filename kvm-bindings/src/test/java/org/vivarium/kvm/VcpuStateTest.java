package org.vivarium.kvm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.vivarium.kvm.KvmRegs.Register;

@Tag("kvm")
@Timeout(value = 2, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class VcpuStateTest {
  private static final int MSR_SYSENTER_CS = 0x174;
  private static final int MSR_SYSENTER_ESP = 0x175;
  private static final int MSR_PAT = 0x277;
  private static final int MSR_OF_NO_PROCESSOR = 0x4000_0DEA;

  @Test
  void guestsCpuidAnswersWhatWasSet() throws Exception {
    try (MicroGuest guest =
        MicroGuest.realMode(
            "66 b8 00 00 00 40", // mov eax, 0x40000000
            "0f a2", // cpuid
            "66 89 1e 00 30", // mov [0x3000], ebx
            "66 89 0e 04 30", // mov [0x3004], ecx
            "66 89 16 08 30", // mov [0x3008], edx
            "66 b8 0b 00 00 00", // mov eax, 0xb
            "66 b9 01 00 00 00", // mov ecx, 1
            "0f a2", // cpuid
            "66 a3 0c 30", // mov [0x300c], eax
            "f4")) { // hlt
      guest.vcpu.setCpuid(
          List.of(
              CpuidEntry.leaf(0, 0xB, 0, 0, 0),
              CpuidEntry.subleaf(0xB, 0, 0x11, 0, 0, 0),
              CpuidEntry.subleaf(0xB, 1, 0x22, 0, 0, 0),
              CpuidEntry.leaf(0x4000_0000, 0x4000_0001, 0x1111_2222, 0x3333_4444, 0xF555_6666)));

      assertEquals(KvmRun.EXIT_HLT, guest.run());

      assertEquals(0x1111_2222L, guest.memory.readU32(0x3000));
      assertEquals(0x3333_4444L, guest.memory.readU32(0x3004));
      assertEquals(0xF555_6666L, guest.memory.readU32(0x3008));
      assertEquals(0x22, guest.memory.readU32(0x300C));
    }
  }

  @Test
  void supportedCpuidIsWhatAProcessorTakes() throws Exception {
    try (MicroGuest guest = MicroGuest.realMode("f4")) { // hlt
      List<CpuidEntry> supported = guest.kvm.supportedCpuid();

      guest.vcpu.setCpuid(supported);

      assertTrue(supported.stream().anyMatch(entry -> entry.function() == 0));
      assertTrue(supported.stream().anyMatch(entry -> entry.function() == 0x8000_0001));
      assertTrue(supported.stream().anyMatch(CpuidEntry::hasIndex));
    }
  }

  @Test
  void guestReadsAModelSpecificRegisterThatWasSet() throws Exception {
    try (MicroGuest guest =
        MicroGuest.realMode(
            "66 b9 77 02 00 00", // mov ecx, 0x277
            "0f 32", // rdmsr
            "66 a3 00 30", // mov [0x3000], eax
            "66 89 16 04 30", // mov [0x3004], edx
            "f4")) { // hlt
      int set =
          guest.vcpu.setMsrs(
              List.of(new Msr(MSR_SYSENTER_CS, 0x10), new Msr(MSR_PAT, 0x0106_0504_0001_0406L)));

      assertEquals(2, set);
      assertEquals(KvmRun.EXIT_HLT, guest.run());
      assertEquals(0x0106_0504_0001_0406L, guest.memory.readU64(0x3000));
    }
  }

  @Test
  void registersAreSetUpToTheFirstThatTheHostRefuses() throws Exception {
    try (MicroGuest guest = MicroGuest.realMode("f4")) { // hlt

      int set =
          guest.vcpu.setMsrs(
              List.of(
                  new Msr(MSR_SYSENTER_CS, 1),
                  new Msr(MSR_OF_NO_PROCESSOR, 1),
                  new Msr(MSR_SYSENTER_ESP, 1)));

      assertEquals(1, set);
    }
  }

  @Test
  void generalRegistersGoInAndOut() throws Exception {
    try (MicroGuest guest =
        MicroGuest.realMode(
            "66 01 d8", // add eax, ebx
            "f4")) { // hlt
      guest.vcpu.setRegs(
          guest.vcpu.regs().set(Register.RAX, 0x4000_0000).set(Register.RBX, 0x0FED_CBA9));

      assertEquals(KvmRun.EXIT_HLT, guest.run());

      assertEquals(0x4FED_CBA9L, guest.vcpu.regs().get(Register.RAX));
      assertEquals(0x0FED_CBA9L, guest.vcpu.regs().get(Register.RBX));
    }
  }

  @Test
  void lapicRegisterIsKeptAndItsNeighboursAreLeft() throws Exception {
    try (MicroGuest guest = MicroGuest.realModeWithIrqchip("f4")) { // hlt
      int lint0 = guest.vcpu.lapicRegister(0x350);

      guest.vcpu.setLapicRegister(0x360, 0x400); // LINT1: NMI

      assertEquals(0x400, guest.vcpu.lapicRegister(0x360));
      assertEquals(lint0, guest.vcpu.lapicRegister(0x350));
    }
  }

  @Test
  void haltedAndRunnableAreToldApart() throws Exception {
    try (MicroGuest guest = MicroGuest.realModeWithIrqchip("f4")) { // hlt
      assertEquals(0, guest.vcpu.mpState(), "KVM_MP_STATE_RUNNABLE");
      Thread kicker = Thread.ofPlatform().start(guest.vcpu::kick);
      assertEquals(KvmRun.EXIT_INTR, guest.run());
      kicker.join();

      guest.vcpu.notifyPaused();
    }
  }

  @Test
  void clockGoesOnFromWhatWasSet() throws Exception {
    try (MicroGuest guest = MicroGuest.realModeWithIrqchip("f4")) { // hlt
      long future = guest.vm.clockNanos() + TimeUnit.HOURS.toNanos(1000);

      guest.vm.setClockNanos(future);

      long now = guest.vm.clockNanos();
      assertTrue(now >= future, () -> now + " is before " + future);
    }
  }

  @Test
  void pendingInputIsCompleteWithoutRunningOn() throws Exception {
    try (MicroGuest guest =
        MicroGuest.realMode(
            "31 c0", // xor ax, ax
            "e4 60", // in al, 0x60
            "e6 80", // out 0x80, al
            "f4")) { // hlt
      assertEquals(KvmRun.EXIT_IO, guest.run());
      guest.exit().setIoValue(0, 0x5A);

      assertEquals(KvmRun.EXIT_INTR, guest.vcpu.completePendingAccess());

      assertEquals(0x5A, guest.vcpu.regs().get(Register.RAX) & 0xFF);
      assertEquals(MicroGuest.CODE + 4, guest.vcpu.regs().get(Register.RIP));
      assertEquals(KvmRun.EXIT_IO, guest.run());
      assertTrue(guest.exit().ioIsWrite());
      assertEquals(0x5A, guest.exit().ioValue(0));
    }
  }

  @Test
  void statisticsCountTheExits() throws Exception {
    try (MicroGuest guest = MicroGuest.realMode("e6 80", "eb fc"); // out 0x80, al; jmp to it
        KvmStats stats = guest.vcpu.openStats()) {
      long before = count(stats.read(), "exits");

      for (int i = 0; i < 100; i++) {
        assertEquals(KvmRun.EXIT_IO, guest.run());
      }

      Map<String, Long> after = stats.read();
      assertTrue(count(after, "exits") >= before + 100, after::toString);
    }
  }

  private static long count(Map<String, Long> statistics, String name) {
    return Objects.requireNonNull(statistics.get(name), name);
  }

  @Test
  void statisticsOfTheMachineHaveNamesAndValues() throws Exception {
    try (MicroGuest guest = MicroGuest.realMode("f4"); // hlt
        KvmStats stats = guest.vm.openStats()) {
      Map<String, Long> values = stats.read();

      assertFalse(values.isEmpty());
      assertTrue(values.keySet().stream().noneMatch(String::isBlank), values::toString);
    }
  }

  @Test
  void twoProcessorsRunAtOnce() throws Exception {
    try (MicroGuest guest =
        MicroGuest.realMode(
            "c6 06 00 30 01", // mov byte [0x3000], 1
            "80 3e 01 30 01", // wait: cmp byte [0x3001], 1
            "75 f9", // jne wait
            "f4")) { // hlt
      long secondProgram = 0x1400;
      guest.write(
          secondProgram,
          "80 3e 00 30 01", // wait: cmp byte [0x3000], 1
          "75 f9", // jne wait
          "c6 06 01 30 01", // mov byte [0x3001], 1
          "f4"); // hlt
      List<Integer> exits = new ArrayList<>();
      Thread second =
          Thread.ofPlatform()
              .start(
                  () -> {
                    try (KvmVcpu vcpu = guest.vm.createVcpu(1)) {
                      guest.enterRealMode(vcpu, secondProgram);
                      exits.add(vcpu.run());
                    } catch (KvmException e) {
                      throw new AssertionError(e);
                    }
                  });

      assertEquals(KvmRun.EXIT_HLT, guest.run());
      second.join();

      assertEquals(List.of(KvmRun.EXIT_HLT), exits);
    }
  }
}
