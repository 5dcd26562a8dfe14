package org.vivarium.kvm;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.vivarium.kvm.KvmSregs.SegmentRegister;

@Tag("kvm")
@Timeout(value = 2, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ProcessorStartTest {
  private static final int LVT_LINT0 = 0x350;
  private static final long FLAT_DATA = 0x00CF_9300_0000_FFFFL;

  @Test
  void firstProcessorStartsTheSecondWithInitAndStartupMessages() throws Exception {
    try (MicroGuest guest =
        MicroGuest.realModeWithIrqchip(
            "66 bb 00 03 e0 fe", // mov ebx, 0xfee00300
            "67 66 c7 43 10 00 00 00 01", // mov dword [ebx + 0x10], 0x01000000: to APIC id 1
            "67 66 c7 03 00 45 00 00", // mov dword [ebx], 0x4500: INIT
            "67 66 c7 03 02 46 00 00", // mov dword [ebx], 0x4602: start at 0x2000
            "80 3e 00 30 01", // wait: cmp byte [0x3000], 1
            "75 f9", // jne wait
            "e6 80", // out 0x80, al
            "f4")) { // hlt
      guest.write(
          0x2000,
          "31 c0 8e d8", // xor ax, ax; mov ds, ax
          "c6 06 00 30 01", // mov byte [0x3000], 1
          "f4 eb fd"); // hlt; jmp to it
      guest.vcpu.setSregs(guest.vcpu.sregs().set(SegmentRegister.DS, 0, FLAT_DATA));
      SynchronousQueue<KvmVcpu> made = new SynchronousQueue<>();
      AtomicBoolean stop = new AtomicBoolean();
      List<Integer> exits = new ArrayList<>();
      Thread second =
          Thread.ofPlatform()
              .start(
                  () -> {
                    try (KvmVcpu vcpu = guest.vm.createVcpu(1)) {
                      // Else the kernel's map of local APICs does not have it yet (createVcpu).
                      vcpu.setLapicRegister(LVT_LINT0, vcpu.lapicRegister(LVT_LINT0));
                      made.put(vcpu);
                      int reason = vcpu.run();
                      while (reason == KvmRun.EXIT_INTR && !stop.get()) {
                        reason = vcpu.run();
                      }
                      exits.add(reason);
                    } catch (KvmException | InterruptedException e) {
                      throw new AssertionError(e);
                    }
                  });
      KvmVcpu waiting = made.take();

      assertEquals(KvmRun.EXIT_IO, guest.run());
      stop.set(true);
      waiting.kick();
      second.join();

      assertEquals(List.of(KvmRun.EXIT_INTR), exits);
    }
  }
}
