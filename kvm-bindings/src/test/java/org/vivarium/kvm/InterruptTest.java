package org.vivarium.kvm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.vivarium.kvm.GsiRoute.Chip;

/**
 * Interrupts of the kernel's interrupt controllers: the guest reports each with its number on port
 * 0x99, and that it is ready for them on port 0x80.
 */
@Tag("kvm")
@Timeout(value = 2, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class InterruptTest {
  private static final int READY = 0x80;
  private static final int REPORT = 0x99;
  private static final int LAPIC_SPURIOUS_VECTOR = 0xF0;
  private static final long MSI_ADDRESS = 0xFEE0_0000L;

  /** Sets both PICs up (vectors 0x20 and 0x28, nothing masked), says so, then waits for ever. */
  private static final String[] WAIT_FOR_PIC = {
    "b0 11 e6 20 e6 a0", // ICW1: edge triggered, cascaded, ICW4 follows
    "b0 20 e6 21 b0 28 e6 a1", // ICW2: vectors
    "b0 04 e6 21 b0 02 e6 a1", // ICW3: slave on input 2
    "b0 01 e6 21 e6 a1", // ICW4: 8086 mode
    "b0 00 e6 21 e6 a1", // OCW1: nothing masked
    "fb", // sti
    "e6 80", // out 0x80, al
    "f4 eb fd" // hlt; jmp to it
  };

  private static final String[] WAIT = {
    "fb", // sti
    "e6 80", // out 0x80, al
    "f4 eb fd" // hlt; jmp to it
  };

  private static MicroGuest waitingGuest(String[] program, int... vectors) throws Exception {
    MicroGuest guest = MicroGuest.realModeWithIrqchip(program);
    for (int i = 0; i < vectors.length; i++) {
      long handler = MicroGuest.HANDLER + 0x20L * i;
      guest.setVector(vectors[i], handler);
      guest.write(
          handler,
          "b0 20 e6 a0 e6 20", // mov al, 0x20; out 0xa0, al; out 0x20, al: end of interrupt
          "b0",
          String.format("%02x", vectors[i]),
          "e6 99", // mov al, vector; out 0x99, al
          "cf"); // iret
    }
    assertEquals(KvmRun.EXIT_IO, guest.run());
    assertEquals(READY, guest.exit().ioPort());
    return guest;
  }

  private static void assertReports(int vector, MicroGuest guest) throws KvmException {
    assertEquals(KvmRun.EXIT_IO, guest.run());
    assertEquals(REPORT, guest.exit().ioPort());
    assertEquals(vector, guest.exit().ioValue(0));
  }

  @Test
  void irqFdRaisesAnEdgeThroughThePic() throws Exception {
    try (MicroGuest guest = waitingGuest(WAIT_FOR_PIC, 0x25);
        EventFd event = EventFd.create()) {
      guest.vm.attachIrqFd(event, 5);

      for (int i = 0; i < 10; i++) {
        event.signal();
        assertReports(0x25, guest);
      }
      guest.vm.detachIrqFd(event, 5);
    }
  }

  @Test
  void irqFdReachesTheSlavePic() throws Exception {
    try (MicroGuest guest = waitingGuest(WAIT_FOR_PIC, 0x2B);
        EventFd event = EventFd.create()) {
      guest.vm.attachIrqFd(event, 11);

      event.signal();

      assertReports(0x2B, guest);
    }
  }

  @Test
  void irqLineInterruptsAHaltedGuest() throws Exception {
    try (MicroGuest guest = waitingGuest(WAIT_FOR_PIC, 0x24)) {
      guest.vm.setIrqLine(4, true);
      guest.vm.setIrqLine(4, false);
      guest.vm.setIrqLine(4, true);

      assertReports(0x24, guest);
    }
  }

  @Test
  void detachedEventRaisesNothing() throws Exception {
    try (MicroGuest guest = waitingGuest(WAIT_FOR_PIC, 0x24, 0x25);
        EventFd event = EventFd.create()) {
      guest.vm.attachIrqFd(event, 5);
      guest.vm.detachIrqFd(event, 5);

      event.signal();
      guest.vm.setIrqLine(4, true);

      assertReports(0x24, guest);

      assertEquals(1, event.drain(), "nobody but this test has read the event");
    }
  }

  @Test
  void routeSendsAnInterruptToAnotherPin() throws Exception {
    try (MicroGuest guest = waitingGuest(WAIT_FOR_PIC, 0x23);
        EventFd event = EventFd.create()) {
      guest.vm.setGsiRouting(List.of(new GsiRoute.Pin(40, Chip.PIC_MASTER, 3)));
      guest.vm.attachIrqFd(event, 40);

      event.signal();

      assertReports(0x23, guest);
    }
  }

  @Test
  void messageInterruptsTheProcessorThatItNames() throws Exception {
    try (MicroGuest guest = waitingGuest(WAIT, 0x41)) {
      guest.vcpu.setLapicRegister(LAPIC_SPURIOUS_VECTOR, 0x1FF);

      assertTrue(guest.vm.signalMsi(MSI_ADDRESS, 0x41));

      assertReports(0x41, guest);
    }
  }

  @Test
  void routeSendsAnEventAsAMessage() throws Exception {
    try (MicroGuest guest = waitingGuest(WAIT, 0x42);
        EventFd event = EventFd.create()) {
      guest.vcpu.setLapicRegister(LAPIC_SPURIOUS_VECTOR, 0x1FF);
      guest.vm.setGsiRouting(List.of(new GsiRoute.Message(24, MSI_ADDRESS, 0x42)));
      guest.vm.attachIrqFd(event, 24);

      event.signal();

      assertReports(0x42, guest);
    }
  }

  @Test
  void haltWithIrqchipWaitsInTheKernelUntilKicked() throws Exception {
    try (MicroGuest guest = MicroGuest.realModeWithIrqchip("f4")) { // hlt
      Thread kicker = Thread.ofPlatform().start(guest.vcpu::kick);

      assertEquals(KvmRun.EXIT_INTR, guest.run());

      kicker.join();
    }
  }
}
