package org.vivarium.kvm;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Tag("kvm")
@Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ExitAllocationTest {
  private static final int EXITS = 10_000;
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  @Test
  void portExitsAllocateNothing() throws Exception {
    try (MicroGuest guest =
        MicroGuest.realMode(
            "e6 80", // out 0x80, al
            "e4 60", // in al, 0x60
            "eb fa")) { // jmp to the first
      answerPortAccesses(guest);

      long before = THREADS.getCurrentThreadAllocatedBytes();
      long sum = answerPortAccesses(guest);
      long after = THREADS.getCurrentThreadAllocatedBytes();

      assertEquals(0, after - before);
      assertEquals(EXITS / 2 * 0x42L, sum);
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
      answerMmioAccesses(guest);

      long before = THREADS.getCurrentThreadAllocatedBytes();
      long sum = answerMmioAccesses(guest);
      long after = THREADS.getCurrentThreadAllocatedBytes();

      assertEquals(0, after - before);
      assertEquals(EXITS / 2 * 0xB0002L, sum);
    }
  }

  @Test
  void eventsAllocateNothing() throws Exception {
    try (EventFd event = EventFd.create()) {
      signalAndDrain(event);

      long before = THREADS.getCurrentThreadAllocatedBytes();
      long sum = signalAndDrain(event);
      long after = THREADS.getCurrentThreadAllocatedBytes();

      assertEquals(0, after - before);
      assertEquals(EXITS, sum);
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
