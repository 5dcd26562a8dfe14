package org.vivarium.devices.legacy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.vivarium.devices.bus.FakeInterruptLine;

class AcpiPmTest {
  private static final int POWER_BUTTON = 0x100;

  private long nanos = Long.MAX_VALUE - 5;
  private int poweredOff;
  private final FakeInterruptLine sci = new FakeInterruptLine();
  private final AcpiPm pm = new AcpiPm(sci, () -> nanos, 32, () -> poweredOff++);

  @Test
  void powerButtonInterruptsOnceEnabledUntilItIsCleared() {
    pm.pressPowerButton();
    assertFalse(sci.level());
    pm.write(2, 2, POWER_BUTTON);
    assertTrue(sci.level());
    assertEquals(POWER_BUTTON, pm.read(0, 2));

    pm.write(0, 2, 0x0001);
    assertTrue(sci.level());
    pm.write(0, 2, POWER_BUTTON);
    assertFalse(sci.level());
    assertEquals(0, pm.read(0, 2));
    assertEquals(POWER_BUTTON, pm.read(2, 2));
    pm.pressPowerButton();
    assertTrue(sci.level());
  }

  @Test
  void registersAnswerByBytesWordsAndDoublewordsAlike() {
    pm.write(3, 1, 0x01);
    pm.pressPowerButton();
    assertEquals(0x01000100L, pm.read(0, 4));
    assertEquals(0x01, pm.read(1, 1));
    pm.write(1, 1, 0x01);
    assertEquals(0x01000000L, pm.read(0, 4));
  }

  @Test
  void softOffIsTypeFiveWithSleepEnable() {
    pm.write(4, 2, 5 << 10);
    assertEquals(0, poweredOff);
    pm.write(4, 2, 5 << 10 | 1 << 13);
    assertEquals(1, poweredOff);
    assertEquals(5 << 10 | 1, pm.read(4, 2), "SLP_EN is write-only, SCI_EN is set");
  }

  @Test
  void otherSleepTypeWakesAtOnce() {
    pm.write(4, 2, 1 << 10 | 1 << 13);
    assertEquals(0, poweredOff);
    assertEquals(0x8000, pm.read(0, 2));
  }

  @Test
  void timerRunsAtItsFrequencyAcrossTheClocksWrap() {
    nanos += 1_000_000_000L;
    assertEquals(AcpiPm.TIMER_FREQUENCY, pm.read(8, 4));
    nanos += 3599 * 1_000_000_000L;
    assertEquals(3600 * AcpiPm.TIMER_FREQUENCY & 0xffffffffL, pm.read(8, 4));
    nanos += 500_000_000L;
    assertEquals((3600 * AcpiPm.TIMER_FREQUENCY + 1_789_772) & 0xff, pm.read(8, 1));
  }

  @Test
  void timerOfTwentyFourBitsWrapsAndTellsByItsStatus() {
    AcpiPm narrow = new AcpiPm(sci, () -> nanos, 24, () -> poweredOff++);
    assertEquals(0, narrow.read(0, 2));
    nanos += 3_000_000_000L;
    assertEquals(3 * AcpiPm.TIMER_FREQUENCY, narrow.read(8, 4));
    assertEquals(1, narrow.read(0, 2), "the most significant bit changed");
    narrow.write(2, 2, 1);
    assertTrue(sci.level());
    narrow.write(0, 2, 1);
    assertFalse(sci.level());
    nanos += 2_000_000_000L;
    assertEquals(5 * AcpiPm.TIMER_FREQUENCY - (1 << 24), narrow.read(8, 4));
  }

  @Test
  void timerOfAnotherWidthIsRefused() {
    assertThrows(IllegalArgumentException.class, () -> new AcpiPm(sci, () -> 0, 16, () -> {}));
  }
}
