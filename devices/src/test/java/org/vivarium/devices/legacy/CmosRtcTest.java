package org.vivarium.devices.legacy;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;

class CmosRtcTest {
  private static final long GIB = 1L << 30;

  private Instant now = Instant.parse("2026-11-21T17:08:36.250Z");
  private final CmosRtc rtc = new CmosRtc(() -> now, 3 * GIB, 5 * GIB);

  private int get(int register) {
    rtc.write(0, 1, register);
    return (int) rtc.read(1, 1) & 0xff;
  }

  private void set(int register, int value) {
    rtc.write(0, 1, register);
    rtc.write(1, 1, value);
  }

  private static int fromBcd(int value) {
    return (value >> 4) * 10 + (value & 0x0f);
  }

  private LocalDateTime readBcd() {
    return LocalDateTime.of(
        fromBcd(get(0x32)) * 100 + fromBcd(get(9)),
        fromBcd(get(8)),
        fromBcd(get(7)),
        fromBcd(get(4)),
        fromBcd(get(2)),
        fromBcd(get(0)));
  }

  @Test
  void linuxReadsUtcInBcd() {
    assertEquals(0x26, get(0x0a));
    assertEquals(0x02, get(0x0b));
    assertEquals(0x80, get(0x0d));
    assertEquals(0x36, get(0));
    assertEquals(LocalDateTime.of(2026, 11, 21, 17, 8, 36), readBcd());
    assertEquals(7, get(6), "Saturday");
  }

  @Test
  void hostsClockThatJumpsIsFollowedAtTheGuestsDistance() {
    set(0x04, 0x05); // twelve hours behind
    get(0x0c);
    now = now.plusSeconds(3 * 3600);
    LocalDateTime forward = readBcd();
    int updated = get(0x0c);
    now = now.minusSeconds(9 * 3600);
    LocalDateTime back = readBcd();

    assertEquals(LocalDateTime.of(2026, 11, 21, 8, 8, 36), forward);
    assertEquals(0x10, updated, "a second has ended");
    assertEquals(LocalDateTime.of(2026, 11, 20, 23, 8, 36), back);
    assertEquals(0x10, get(0x0c), "and another");
    assertEquals(0, get(0x0c));
  }

  @Test
  void dateMatchesTheCalendarEveryDayOfFourCenturies() {
    LocalDateTime day = LocalDateTime.of(1900, 1, 1, 23, 59, 58);
    while (day.getYear() < 2301) {
      now = day.toInstant(ZoneOffset.UTC);
      assertEquals(day, readBcd());
      assertEquals(day.getDayOfWeek().getValue() % 7 + 1, get(6));
      day = day.plusDays(1);
    }
  }

  @Test
  void updateInProgressShowsBeforeTheSecondChanges() {
    now = Instant.parse("2026-11-21T17:08:36.998Z");
    assertEquals(0, get(0x0a) & 0x80);
    now = Instant.parse("2026-11-21T17:08:36.999Z");
    assertEquals(0x80, get(0x0a) & 0x80);
    now = Instant.parse("2026-11-21T17:08:37Z");
    assertEquals(0, get(0x0a) & 0x80);
  }

  @Test
  void updateFlagIsSetOncePerSecondAndClearedByReading() {
    assertEquals(0, get(0x0c));
    now = now.plusSeconds(1);
    assertEquals(0x10, get(0x0c));
    assertEquals(0, get(0x0c));
  }

  @Test
  void binaryAndTwelveHourFormatsFollowRegisterB() {
    set(0x0b, 0x06);
    assertEquals(36, get(0));
    assertEquals(17, get(4));
    assertEquals(26, get(9));
    assertEquals(20, get(0x32));
    set(0x0b, 0x04);
    assertEquals(0x80 | 5, get(4));
    set(0x0b, 0x00);
    assertEquals(0x85, get(4));
    now = Instant.parse("2026-11-21T00:30:00Z");
    assertEquals(0x12, get(4));
  }

  @Test
  void guestSetsTheClockAndItRunsOn() {
    set(0x0b, 0x82);
    set(0, 0x58);
    set(2, 0x59);
    set(4, 0x23);
    set(7, 0x28);
    set(8, 0x02);
    set(9, 0x24);
    set(0x32, 0x20);
    now = now.plusSeconds(30);
    assertEquals(0x58, get(0), "held while SET is 1");
    set(0x0b, 0x02);
    now = now.plusSeconds(2);
    assertEquals(LocalDateTime.of(2024, 2, 29, 0, 0, 0), readBcd());
  }

  @Test
  void dateThatIsNoneLeavesTheClockAlone() {
    set(8, 0x13);
    set(7, 0x00);
    set(4, 0xff);
    set(0, 0x6a);
    assertEquals(LocalDateTime.of(2026, 11, 21, 17, 8, 36), readBcd());
  }

  @Test
  void memorySizesAndNvramAreKept() {
    assertEquals(640, get(0x15) | get(0x16) << 8);
    assertEquals(0xffff, get(0x17) | get(0x18) << 8);
    assertEquals((3 * GIB - (16 << 20)) >> 16, get(0x34) | get(0x35) << 8);
    assertEquals((5 * GIB) >> 16, get(0x5b) | get(0x5c) << 8 | get(0x5d) << 16);
    set(0x7f, 0xa5);
    assertEquals(0xa5, get(0xff), "bit 7 of the index masks NMI");
    set(1, 0x12);
    set(3, 0x34);
    set(5, 0x56);
    assertEquals(0x123456, get(1) << 16 | get(3) << 8 | get(5));
    set(0x0c, 0xff);
    set(0x0d, 0);
    assertEquals(0x80, get(0x0d));
  }

  @Test
  void smallMachineHasNoMemoryAboveSixteenMebibytes() {
    CmosRtc small = new CmosRtc(() -> now, 512 << 10, 0);
    for (int register : new int[] {0x17, 0x18, 0x34, 0x35, 0x5b, 0x5c, 0x5d}) {
      small.write(0, 1, register);
      assertEquals(0, small.read(1, 1) & 0xff);
    }
  }
}
