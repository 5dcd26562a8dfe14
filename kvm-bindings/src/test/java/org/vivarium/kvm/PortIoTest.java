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
import org.vivarium.kvm.KvmRegs.Register;

@Tag("kvm")
@Timeout(value = 2, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class PortIoTest {
  @ParameterizedTest
  @CsvSource({
    "b0 5a ee,             1, 0x5a", // mov al, 0x5a; out dx, al
    "b8 34 12 ef,          2, 0x1234", // mov ax, 0x1234; out dx, ax
    "66 b8 78 56 34 f2 66 ef, 4, 0xf2345678", // mov eax, 0xf2345678; out dx, eax
  })
  void outExitsWithItsPortSizeAndValue(String write, int size, String value) throws Exception {
    try (MicroGuest guest =
        MicroGuest.realMode(
            "ba f8 ff", // mov dx, 0xfff8
            write,
            "f4")) { // hlt

      assertEquals(KvmRun.EXIT_IO, guest.run());
      assertTrue(guest.exit().ioIsWrite());
      assertEquals(0xFFF8, guest.exit().ioPort());
      assertEquals(size, guest.exit().ioSize());
      assertEquals(1, guest.exit().ioCount());
      assertEquals(Long.decode(value), guest.exit().ioValue(0));
      assertEquals(KvmRun.EXIT_HLT, guest.run());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "ec,    1, 0xaaaaaaaaaaaaaafe, 0xfe", // in al, dx
    "ed,    2, 0xfedc, 0xfedc", // in ax, dx
    "66 ed, 4, 0xfedcba98, 0xfedcba98", // in eax, dx
  })
  void inTakesTheAnswer(String read, int size, String answer, String seen) throws Exception {
    try (MicroGuest guest =
        MicroGuest.realMode(
            "66 31 c0", // xor eax, eax
            "ba 34 12", // mov dx, 0x1234
            read,
            "66 a3 00 30", // mov [0x3000], eax
            "f4")) { // hlt

      assertEquals(KvmRun.EXIT_IO, guest.run());
      assertFalse(guest.exit().ioIsWrite());
      assertEquals(0x1234, guest.exit().ioPort());
      assertEquals(size, guest.exit().ioSize());
      guest.exit().setIoValue(0, Long.parseUnsignedLong(answer.substring(2), 16));
      assertEquals(KvmRun.EXIT_HLT, guest.run());

      assertEquals(Long.decode(seen), guest.memory.readU32(0x3000));
    }
  }

  @Test
  void stringOutputGivesEveryElementInOrder() throws Exception {
    try (MicroGuest guest =
        MicroGuest.realMode(
            "be 00 30", // mov si, 0x3000
            "b9 64 00", // mov cx, 100
            "ba e9 00", // mov dx, 0xe9
            "fc", // cld
            "f3 6f", // rep outsw
            "f4")) { // hlt
      for (int i = 0; i < 100; i++) {
        guest.memory.writeU16(0x3000 + 2L * i, 0xC000 + i);
      }

      int seen = 0;
      while (guest.run() == KvmRun.EXIT_IO) {
        assertTrue(guest.exit().ioIsWrite());
        assertEquals(2, guest.exit().ioSize());
        for (int i = 0; i < guest.exit().ioCount(); i++) {
          assertEquals(0xC000 + seen++, guest.exit().ioValue(i));
        }
      }

      assertEquals(KvmRun.EXIT_HLT, guest.exit().exitReason());
      assertEquals(100, seen);
    }
  }

  @Test
  void stringInputTakesEveryElementInOrder() throws Exception {
    try (MicroGuest guest =
        MicroGuest.realMode(
            "bf 00 30", // mov di, 0x3000
            "b9 64 00", // mov cx, 100
            "ba 60 00", // mov dx, 0x60
            "fc", // cld
            "f3 6c", // rep insb
            "f4")) { // hlt

      int given = 0;
      while (guest.run() == KvmRun.EXIT_IO) {
        assertFalse(guest.exit().ioIsWrite());
        for (int i = 0; i < guest.exit().ioCount(); i++) {
          guest.exit().setIoValue(i, 3L * given++);
        }
      }

      assertEquals(KvmRun.EXIT_HLT, guest.exit().exitReason());
      assertEquals(100, given);
      for (int i = 0; i < 100; i++) {
        assertEquals(3 * i & 0xFF, guest.memory.readU8(0x3000 + i));
      }
    }
  }

  @Test
  void haltWithoutIrqchipIsAnExit() throws Exception {
    try (MicroGuest guest = MicroGuest.realMode("f4")) { // hlt

      assertEquals(KvmRun.EXIT_HLT, guest.run());
      assertEquals(MicroGuest.CODE + 1, guest.vcpu.regs().get(Register.RIP));
    }
  }

  @Test
  void tripleFaultIsAShutdown() throws Exception {
    try (MicroGuest guest =
        MicroGuest.realMode(
            "0f 01 1e 00 30", // lidt [0x3000]: limit 0, so no vector can be delivered
            "0f 0b")) { // ud2

      assertEquals(KvmRun.EXIT_SHUTDOWN, guest.run());
    }
  }
}
