package org.vivarium.kvm;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Tag("kvm")
@Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ExitAllocationTest {
  private static final int EXITS = 10_000;

  @Test
  void portExitsAllocateNothing() throws Exception {
    try (MicroGuest guest =
        MicroGuest.realMode(
            "e6 80", // out 0x80, al
            "e4 60", // in al, 0x60
            "eb fa")) { // jmp to the first
      assertEquals((EXITS / 2 - 1) * 0x42L, answerPortAccesses(guest), "the first out is of 0");

      assertEquals(0, Allocation.afterWarmUp(() -> answerPortAccesses(guest)));
    }
  }

  @Test
  void mmioExitsAllocateNothing() throws Exception {
    try (MicroGuest guest =
        MicroGuest.realMode(
            "b8 00 b0 8e d8", // mov ax, 0xb000; mov ds, ax
            "a3 00 00", // mov [0], ax
            "a1 02 00", // mov ax, [2]
            "eb f8")) { // jmp to the first
      assertEquals(EXITS / 2 * 0xB0002L, answerMmioAccesses(guest));

      assertEquals(0, Allocation.afterWarmUp(() -> answerMmioAccesses(guest)));
    }
  }

  @Test
  void eventsAllocateNothing() throws Exception {
    try (EventFd event = EventFd.create()) {
      assertEquals(EXITS, signalAndDrain(event));

      assertEquals(0, Allocation.afterWarmUp(() -> signalAndDrain(event)));
    }
  }

  private static long answerPortAccesses(MicroGuest guest) throws KvmException {
    KvmRun exit = guest.exit();
    long sum = 0;
    for (int i = 0; i < EXITS; i++) {
      if (guest.vcpu.run() != KvmRun.EXIT_IO) {
        throw new IllegalStateException("exit " + exit.exitReason());
      }
      if (exit.ioIsWrite()) {
        sum += exit.ioPort() == 0x80 ? exit.ioValue(0) : -1;
      } else {
        exit.setIoValue(0, 0x42);
      }
    }
    return sum;
  }

  private static long answerMmioAccesses(MicroGuest guest) throws KvmException {
    KvmRun exit = guest.exit();
    long sum = 0;
    for (int i = 0; i < EXITS; i++) {
      if (guest.vcpu.run() != KvmRun.EXIT_MMIO) {
        throw new IllegalStateException("exit " + exit.exitReason());
      }
      if (exit.mmioIsWrite()) {
        exit.mmioValue(0, exit.mmioLength());
      } else {
        sum += exit.mmioAddress();
        exit.setMmioValue(0, exit.mmioLength(), 7);
      }
    }
    return sum;
  }

  private static long signalAndDrain(EventFd event) {
    long sum = 0;
    for (int i = 0; i < EXITS; i++) {
      event.signal();
      sum += event.drain();
    }
    return sum;
  }
}
