package org.vivarium.kvm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Tag("kvm")
@Timeout(value = 2, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class MemorySlotTest {
  @Test
  void guestReachesSlotsBelowAndAboveFourGiB() throws Exception {
    try (MicroGuest guest =
        MicroGuest.longMode(
            "a1 00 10 00 c0 00 00 00 00", // mov eax, [0xc0001000]
            "48 a3 00 f0 1f 00 01 00 00 00", // mov [0x1001ff000], rax
            "f4")) { // hlt
      try (GuestMemory low = guest.addSlot(1, 0xC000_0000L, 0x20_0000);
          GuestMemory high = guest.addSlot(2, 0x1_0000_0000L, 0x20_0000)) {
        low.writeU32(0xC000_1000L, 0xCAFE_F00DL);

        assertEquals(KvmRun.EXIT_HLT, guest.run());

        assertEquals(0xCAFE_F00DL, high.readU64(0x1_001F_F000L));
        guest.vm.removeMemorySlot(1);
        guest.vm.removeMemorySlot(2);
      }
    }
  }

  @Test
  void twoRegionsOfOneMemoryAreTwoSlots() throws Exception {
    try (MicroGuest guest =
            MicroGuest.longMode(
                "48 b8 08 07 06 05 04 03 02 01", // mov rax, 0x0102030405060708
                "48 a3 00 00 00 40 00 00 00 00", // mov [0x40000000], rax
                "48 a3 f8 0f 00 00 01 00 00 00", // mov [0x100000ff8], rax
                "f4"); // hlt
        GuestMemory memory =
            GuestMemory.allocate(
                java.util.List.of(
                    new GuestMemory.Range(0x4000_0000L, 0x1000),
                    new GuestMemory.Range(0x1_0000_0000L, 0x1000)),
                GuestMemory.Backing.ANONYMOUS)) {
      guest.vm.setMemorySlot(1, memory.regions().get(0));
      guest.vm.setMemorySlot(2, memory.regions().get(1));

      assertEquals(KvmRun.EXIT_HLT, guest.run());

      assertEquals(0x0102030405060708L, memory.readU64(0x4000_0000L));
      assertEquals(0x0102030405060708L, memory.readU64(0x1_0000_0FF8L));
      guest.vm.removeMemorySlot(1);
      guest.vm.removeMemorySlot(2);
    }
  }

  @Test
  void accessToARemovedSlotIsMmio() throws Exception {
    try (MicroGuest guest =
        MicroGuest.longMode(
            "a0 00 00 00 40 00 00 00 00", // mov al, [0x40000000]
            "e6 80", // out 0x80, al
            "a0 00 00 00 40 00 00 00 00", // mov al, [0x40000000]
            "f4")) { // hlt
      try (GuestMemory memory = guest.addSlot(1, 0x4000_0000L, 0x1000)) {
        memory.writeU8(0x4000_0000L, 0x77);

        assertEquals(KvmRun.EXIT_IO, guest.run());
        assertEquals(0x77, guest.exit().ioValue(0));
        guest.vm.removeMemorySlot(1);
      }

      assertEquals(KvmRun.EXIT_MMIO, guest.run());
      assertEquals(0x4000_0000L, guest.exit().mmioAddress());
    }
  }

  @Test
  void discardedPagesReadAsZeroInTheGuest() throws Exception {
    try (MicroGuest guest =
        MicroGuest.longMode(
            "a0 00 00 00 40 00 00 00 00", // mov al, [0x40000000]
            "e6 80", // out 0x80, al
            "a0 00 00 00 40 00 00 00 00", // mov al, [0x40000000]
            "e6 80")) { // out 0x80, al
      try (GuestMemory memory = guest.addSlot(1, 0x4000_0000L, 0x1000)) {
        memory.writeU8(0x4000_0000L, 0x77);

        assertEquals(KvmRun.EXIT_IO, guest.run());
        assertEquals(0x77, guest.exit().ioValue(0));
        memory.discard(0x4000_0000L, 0x1000);
        assertEquals(KvmRun.EXIT_IO, guest.run());

        assertEquals(0, guest.exit().ioValue(0));
        guest.vm.removeMemorySlot(1);
      }
    }
  }

  @Test
  void slotThatOverlapsAnotherIsRefusedByName() throws Exception {
    try (MicroGuest guest = MicroGuest.realMode("f4");
        GuestMemory memory =
            GuestMemory.allocate(
                java.util.List.of(new GuestMemory.Range(0x1000, 0x1000)),
                GuestMemory.Backing.MEMFD)) {
      KvmException refusal =
          assertThrows(
              KvmException.class, () -> guest.vm.setMemorySlot(7, memory.regions().get(0)));

      assertEquals(Errno.EEXIST, refusal.errno());
      assertEquals(
          "Cannot map memory slot 7: gpa=0x1000, 4 KiB (EEXIST, exists already).",
          refusal.getMessage());
    }
  }
}
