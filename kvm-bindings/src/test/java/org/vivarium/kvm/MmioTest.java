package org.vivarium.kvm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Segment 0xb000 has no memory slot, so what the guest does there is MMIO. */
@Tag("kvm")
@Timeout(value = 2, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class MmioTest {
  private static final String POINT_DS_AT_MMIO = "b8 00 b0 8e d8"; // mov ax, 0xb000; mov ds, ax

  @ParameterizedTest
  @CsvSource({
    "b0 5a a2 04 00,                   1, 0x5a", // mov al, 0x5a; mov [4], al
    "b8 34 12 a3 04 00,                2, 0x1234", // mov ax, 0x1234; mov [4], ax
    "66 b8 78 56 34 f2 66 a3 04 00,    4, 0xf2345678", // mov eax, 0xf2345678; mov [4], eax
  })
  void writeExitsWithItsAddressAndBytes(String write, int size, String value) throws Exception {
    try (MicroGuest guest = MicroGuest.realMode(POINT_DS_AT_MMIO, write, "f4")) {

      assertEquals(KvmRun.EXIT_MMIO, guest.run());
      assertTrue(guest.exit().mmioIsWrite());
      assertEquals(0xB0004, guest.exit().mmioAddress());
      assertEquals(size, guest.exit().mmioLength());
      assertEquals(Long.decode(value), guest.exit().mmioValue(0, size));
      assertEquals(KvmRun.EXIT_HLT, guest.run());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "a0 04 00,    1, 0xfe", // mov al, [4]
    "a1 04 00,    2, 0xfedc", // mov ax, [4]
    "66 a1 04 00, 4, 0xfedcba98", // mov eax, [4]
  })
  void readTakesTheAnswer(String read, int size, String answer) throws Exception {
    try (MicroGuest guest =
        MicroGuest.realMode(
            POINT_DS_AT_MMIO,
            "66 31 c0", // xor eax, eax
            read,
            "26 66 a3 00 30", // mov es:[0x3000], eax
            "f4")) { // hlt

      assertEquals(KvmRun.EXIT_MMIO, guest.run());
      assertFalse(guest.exit().mmioIsWrite());
      assertEquals(0xB0004, guest.exit().mmioAddress());
      assertEquals(size, guest.exit().mmioLength());
      guest.exit().setMmioValue(0, size, Long.decode(answer));
      assertEquals(KvmRun.EXIT_HLT, guest.run());

      assertEquals(Long.decode(answer), guest.memory.readU32(0x3000));
    }
  }

  @Test
  void writeAcrossAPageComesInItsTwoParts() throws Exception {
    try (MicroGuest guest =
        MicroGuest.realMode(
            POINT_DS_AT_MMIO,
            "66 b8 44 33 22 11", // mov eax, 0x11223344
            "66 a3 fd 0f", // mov [0xffd], eax
            "f4")) { // hlt

      assertEquals(KvmRun.EXIT_MMIO, guest.run());
      assertEquals(0xB0FFD, guest.exit().mmioAddress());
      assertEquals(3, guest.exit().mmioLength());
      assertEquals(0x3344, guest.exit().mmioValue(0, 2));
      assertEquals(0x22, guest.exit().mmioValue(2, 1));
      assertEquals(KvmRun.EXIT_MMIO, guest.run());
      assertEquals(0xB1000, guest.exit().mmioAddress());
      assertEquals(1, guest.exit().mmioLength());
      assertEquals(0x11, guest.exit().mmioValue(0, 1));
      assertEquals(KvmRun.EXIT_HLT, guest.run());
    }
  }

  @Test
  void readAcrossAPageIsPutTogetherFromBothAnswers() throws Exception {
    try (MicroGuest guest =
        MicroGuest.realMode(
            POINT_DS_AT_MMIO,
            "66 a1 fe 0f", // mov eax, [0xffe]
            "26 66 a3 00 30", // mov es:[0x3000], eax
            "f4")) { // hlt

      assertEquals(KvmRun.EXIT_MMIO, guest.run());
      guest.exit().setMmioValue(0, 2, 0x3344);
      assertEquals(KvmRun.EXIT_MMIO, guest.run());
      guest.exit().setMmioValue(0, 2, 0x1122);
      assertEquals(KvmRun.EXIT_HLT, guest.run());

      assertEquals(0x11223344, guest.memory.readU32(0x3000));
    }
  }

  @Test
  void pendingPartsOfAnAccessAreAllGivenBeforeItIsComplete() throws Exception {
    try (MicroGuest guest =
        MicroGuest.realMode(
            POINT_DS_AT_MMIO,
            "66 a1 fe 0f", // mov eax, [0xffe]
            "26 66 a3 00 30", // mov es:[0x3000], eax
            "f4")) { // hlt

      assertEquals(KvmRun.EXIT_MMIO, guest.run());
      guest.exit().setMmioValue(0, 2, 0x3344);
      assertEquals(KvmRun.EXIT_MMIO, guest.vcpu.completePendingAccess());
      guest.exit().setMmioValue(0, 2, 0x1122);
      assertEquals(KvmRun.EXIT_INTR, guest.vcpu.completePendingAccess());

      assertEquals(0x11223344, guest.vcpu.regs().get(KvmRegs.Register.RAX));
      assertEquals(0, guest.memory.readU32(0x3000), "the next instruction must not have run");
      assertEquals(KvmRun.EXIT_HLT, guest.run());
    }
  }

  @Test
  void eightByteAccessIsOneExit() throws Exception {
    try (MicroGuest guest =
        MicroGuest.longMode(
            "48 a1 08 00 00 d0 00 00 00 00", // mov rax, [0xd0000008]
            "48 a3 10 00 00 d0 01 00 00 00", // mov [0x1d0000010], rax
            "f4")) { // hlt

      assertEquals(KvmRun.EXIT_MMIO, guest.run());
      assertEquals(0xD000_0008L, guest.exit().mmioAddress());
      assertEquals(8, guest.exit().mmioLength());
      guest.exit().setMmioValue(0, 8, 0x8877665544332211L);
      assertEquals(KvmRun.EXIT_MMIO, guest.run());
      assertEquals(0x1_D000_0010L, guest.exit().mmioAddress());
      assertEquals(0x8877665544332211L, guest.exit().mmioValue(0, 8));
      assertEquals(KvmRun.EXIT_HLT, guest.run());
    }
  }
}
