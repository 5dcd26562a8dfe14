package org.vivarium.kvm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.vivarium.kvm.KvmVm.IoEvent;
import org.vivarium.kvm.KvmVm.IoSpace;

@Tag("kvm")
@Timeout(value = 2, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class IoEventFdTest {
  private static final String[] TWO_PORT_WRITES = {
    "b0 01 e6 80", // mov al, 1; out 0x80, al
    "b0 02 e6 80", // mov al, 2; out 0x80, al
    "f4" // hlt
  };

  @Test
  void portWriteOfAnyValueSignalsAndDoesNotExit() throws Exception {
    try (MicroGuest guest = MicroGuest.realMode(TWO_PORT_WRITES);
        EventFd event = EventFd.create()) {
      guest.vm.attachIoEventFd(event, new IoEvent(IoSpace.PIO, 0x80, 1, null));

      assertEquals(KvmRun.EXIT_HLT, guest.run());

      assertEquals(2, event.drain());
    }
  }

  @Test
  void portWriteOfAnotherValueThanTheMatchExits() throws Exception {
    try (MicroGuest guest = MicroGuest.realMode(TWO_PORT_WRITES);
        EventFd event = EventFd.create()) {
      guest.vm.attachIoEventFd(event, new IoEvent(IoSpace.PIO, 0x80, 1, 2L));

      assertEquals(KvmRun.EXIT_IO, guest.run());
      assertEquals(1, guest.exit().ioValue(0));
      assertEquals(0, event.drain());
      assertEquals(KvmRun.EXIT_HLT, guest.run());

      assertEquals(1, event.drain());
    }
  }

  @Test
  void eachValueOfAPortCanLeadToItsOwnEvent() throws Exception {
    try (MicroGuest guest = MicroGuest.realMode(TWO_PORT_WRITES);
        EventFd one = EventFd.create();
        EventFd two = EventFd.create()) {
      guest.vm.attachIoEventFd(one, new IoEvent(IoSpace.PIO, 0x80, 1, 1L));
      guest.vm.attachIoEventFd(two, new IoEvent(IoSpace.PIO, 0x80, 1, 2L));

      assertEquals(KvmRun.EXIT_HLT, guest.run());

      assertEquals(1, one.drain());
      assertEquals(1, two.drain());
    }
  }

  @Test
  void mmioWriteOfItsLengthSignals() throws Exception {
    try (MicroGuest guest =
            MicroGuest.longMode(
                "66 a3 00 00 00 d0 00 00 00 00", // mov [0xd0000000], ax
                "a3 00 00 00 d0 00 00 00 00", // mov [0xd0000000], eax
                "f4"); // hlt
        EventFd event = EventFd.create()) {
      guest.vm.attachIoEventFd(event, new IoEvent(IoSpace.MMIO, 0xD000_0000L, 2, null));

      assertEquals(KvmRun.EXIT_MMIO, guest.run(), "four bytes are not the two that were asked for");
      assertEquals(4, guest.exit().mmioLength());
      assertEquals(1, event.drain());
      assertEquals(KvmRun.EXIT_HLT, guest.run());
    }
  }

  @Test
  void mmioWriteOfAnyLengthSignalsWhereNoneIsGiven() throws Exception {
    try (MicroGuest guest =
            MicroGuest.longMode(
                "66 a3 00 00 00 d0 00 00 00 00", // mov [0xd0000000], ax
                "a3 00 00 00 d0 00 00 00 00", // mov [0xd0000000], eax
                "f4"); // hlt
        EventFd event = EventFd.create()) {
      guest.vm.attachIoEventFd(event, new IoEvent(IoSpace.MMIO, 0xD000_0000L, 0, null));

      assertEquals(KvmRun.EXIT_HLT, guest.run());

      assertEquals(2, event.drain());
    }
  }

  @Test
  void detachedAddressExitsAgain() throws Exception {
    try (MicroGuest guest = MicroGuest.realMode(TWO_PORT_WRITES);
        EventFd event = EventFd.create()) {
      IoEvent io = new IoEvent(IoSpace.PIO, 0x80, 1, null);
      guest.vm.attachIoEventFd(event, io);
      guest.vm.detachIoEventFd(event, io);

      assertEquals(KvmRun.EXIT_IO, guest.run());
      assertEquals(0, event.drain());
    }
  }

  @Test
  void sameAddressTwiceIsRefused() throws Exception {
    try (MicroGuest guest = MicroGuest.realMode("f4");
        EventFd event = EventFd.create()) {
      IoEvent io = new IoEvent(IoSpace.PIO, 0x80, 1, null);
      guest.vm.attachIoEventFd(event, io);

      KvmException refusal =
          assertThrows(KvmException.class, () -> guest.vm.attachIoEventFd(event, io));

      assertEquals(Errno.EEXIST, refusal.errno());
    }
  }
}
