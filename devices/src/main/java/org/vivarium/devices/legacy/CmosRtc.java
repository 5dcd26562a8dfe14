package org.vivarium.devices.legacy;

import java.time.InstantSource;

/**
 * The real-time clock and its battery-backed memory (MC146818A) at ports 0x70 and 0x71.
 *
 * <p>Time is the host's in UTC plus what the guest set it apart by; it is read in the format that
 * register B asks for: BCD or binary, 24 or 12 hours. The century is at 0x32. UIP shows in the last
 * millisecond of a second. The clock has no interrupt line: periodic, alarm and update interrupts
 * never come, and of register C only the update flag is kept, for those who poll it; alarm
 * registers keep what is written. Reading and setting the time need none of them; a program that
 * waits for an alarm or for the next second's interrupt waits until its time-out. Source: Motorola
 * MC146818A data sheet.
 */
public final class CmosRtc extends ByteWideDevice {
  /** The index port; the data port is next to it. */
  public static final int FIRST_PORT = 0x70;

  /** Ports of the device. */
  public static final int PORT_COUNT = 2;

  private static final int SECONDS = 0x00;
  private static final int MINUTES = 0x02;
  private static final int HOURS = 0x04;
  private static final int DAY_OF_WEEK = 0x06;
  private static final int DAY_OF_MONTH = 0x07;
  private static final int MONTH = 0x08;
  private static final int YEAR = 0x09;
  private static final int REGISTER_A = 0x0a;
  private static final int REGISTER_B = 0x0b;
  private static final int REGISTER_C = 0x0c;
  private static final int REGISTER_D = 0x0d;
  private static final int CENTURY = 0x32;

  private static final int A_UPDATE_IN_PROGRESS = 0x80;
  private static final int B_SET = 0x80;
  private static final int B_BINARY = 0x04;
  private static final int B_24_HOURS = 0x02;
  private static final int C_UPDATE_ENDED = 0x10;
  private static final int D_VALID = 0x80;
  private static final int HOUR_PM = 0x80;

  private static final long MIB = 1 << 20;

  private final InstantSource clock;
  private final byte[] memory = new byte[128];
  private int index;
  private long offsetMillis;
  private long lastUpdateSeen;

  /**
   * @param clock the host's time
   * @param memoryBelow4GiB bytes of RAM that start at address 0, for the size bytes that firmware
   *     keeps here
   * @param memoryAbove4GiB bytes of RAM that start at 4 GiB
   */
  public CmosRtc(InstantSource clock, long memoryBelow4GiB, long memoryAbove4GiB) {
    super(PORT_COUNT);
    this.clock = clock;
    memory[REGISTER_A] = 0x26;
    memory[REGISTER_B] = B_24_HOURS;
    lastUpdateSeen = seconds();
    putSize(0x15, 2, 640);
    long extended = Math.clamp((memoryBelow4GiB - MIB) >> 10, 0, 0xffff);
    putSize(0x17, 2, extended);
    putSize(0x30, 2, extended);
    putSize(0x34, 2, Math.clamp((memoryBelow4GiB - 16 * MIB) >> 16, 0, 0xffff));
    putSize(0x5b, 3, Math.clamp(memoryAbove4GiB >> 16, 0, 0xffffff));
  }

  private void putSize(int at, int bytes, long value) {
    for (int i = 0; i < bytes; i++) {
      memory[at + i] = (byte) (value >>> (8 * i));
    }
  }

  @Override
  synchronized int readRegister(int register) {
    return register == 0 ? 0xff : readMemory(index);
  }

  @Override
  synchronized void writeRegister(int register, int value) {
    if (register == 0) {
      // Bit 7 masks NMI on a PC and is no part of the index.
      index = value & 0x7f;
    } else {
      writeMemory(index, value);
    }
  }

  private int readMemory(int at) {
    if (isTime(at) && !isSet()) {
      latchTime();
    }
    switch (at) {
      case REGISTER_A -> {
        boolean updating = !isSet() && Math.floorMod(millis(), 1000) == 999;
        return (memory[REGISTER_A] & 0x7f) | (updating ? A_UPDATE_IN_PROGRESS : 0);
      }
      case REGISTER_C -> {
        long now = seconds();
        boolean updated = now != lastUpdateSeen;
        lastUpdateSeen = now;
        return updated && !isSet() ? C_UPDATE_ENDED : 0;
      }
      case REGISTER_D -> {
        return D_VALID;
      }
      default -> {
        return memory[at] & 0xff;
      }
    }
  }

  private void writeMemory(int at, int value) {
    if (at == REGISTER_C || at == REGISTER_D) {
      return;
    }
    if (at == REGISTER_B) {
      if (!isSet()) {
        latchTime();
      }
      boolean ended = isSet() && (value & B_SET) == 0;
      memory[REGISTER_B] = (byte) value;
      if (ended) {
        takeTime();
      }
      return;
    }
    if (isTime(at) && !isSet()) {
      latchTime();
      memory[at] = (byte) value;
      takeTime();
      return;
    }
    memory[at] = (byte) value;
  }

  private static boolean isTime(int at) {
    return switch (at) {
      case SECONDS, MINUTES, HOURS, DAY_OF_WEEK, DAY_OF_MONTH, MONTH, YEAR, CENTURY -> true;
      default -> false;
    };
  }

  private boolean isSet() {
    return (memory[REGISTER_B] & B_SET) != 0;
  }

  private long millis() {
    return clock.millis() + offsetMillis;
  }

  private long seconds() {
    return Math.floorDiv(millis(), 1000);
  }

  /** Puts the time of now into the registers. */
  private void latchTime() {
    long now = seconds();
    long days = Math.floorDiv(now, 86_400);
    int second = (int) Math.floorMod(now, 86_400L);
    memory[SECONDS] = encode(second % 60);
    memory[MINUTES] = encode(second / 60 % 60);
    memory[HOURS] = encodeHour(second / 3600);
    memory[DAY_OF_WEEK] = encode((int) Math.floorMod(days + 4, 7L) + 1);

    // Civil date from days since 1970-01-01, in years that begin in March so that a leap day is
    // a year's last; 146,097 days are 400 years.
    long shifted = days + 719_468;
    long era = Math.floorDiv(shifted, 146_097);
    int dayOfEra = (int) Math.floorMod(shifted, 146_097L);
    int yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365;
    int dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
    int monthFromMarch = (5 * dayOfYear + 2) / 153;
    int month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
    int year = Math.clamp(era * 400 + yearOfEra + (month <= 2 ? 1 : 0), 0, 9999);
    memory[DAY_OF_MONTH] = encode(dayOfYear - (153 * monthFromMarch + 2) / 5 + 1);
    memory[MONTH] = encode(month);
    memory[YEAR] = encode(year % 100);
    memory[CENTURY] = encode(year / 100);
  }

  /** Sets the clock to what the registers hold; a date that is none leaves it as it was. */
  private void takeTime() {
    int second = decode(SECONDS);
    int minute = decode(MINUTES);
    int hour = decodeHour();
    int day = decode(DAY_OF_MONTH);
    int month = decode(MONTH);
    int year = decode(YEAR);
    int century = decode(CENTURY);
    if (second > 59 || minute > 59 || hour > 23 || day < 1 || day > 31 || month < 1 || month > 12) {
      return;
    }
    if (year > 99 || century > 99) {
      return;
    }
    long fromMarch = century * 100L + year - (month <= 2 ? 1 : 0);
    long era = Math.floorDiv(fromMarch, 400);
    long yearOfEra = Math.floorMod(fromMarch, 400L);
    long dayOfYear = (153L * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    long dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear;
    long days = era * 146_097 + dayOfEra - 719_468;
    long wanted = days * 86_400 + hour * 3600L + minute * 60L + second;
    offsetMillis += (wanted - seconds()) * 1000;
  }

  private byte encode(int value) {
    boolean binary = (memory[REGISTER_B] & B_BINARY) != 0;
    return (byte) (binary ? value : value / 10 * 16 + value % 10);
  }

  private byte encodeHour(int hour) {
    if ((memory[REGISTER_B] & B_24_HOURS) != 0) {
      return encode(hour);
    }
    int twelve = hour % 12 == 0 ? 12 : hour % 12;
    return (byte) (encode(twelve) | (hour >= 12 ? HOUR_PM : 0));
  }

  /** The value of a time register; above 99 if it is not one. */
  private int decode(int at) {
    return decodeByte(memory[at] & 0xff);
  }

  private int decodeByte(int raw) {
    if ((memory[REGISTER_B] & B_BINARY) != 0) {
      return raw;
    }
    return (raw & 0x0f) > 9 || raw >> 4 > 9 ? 0xff : (raw >> 4) * 10 + (raw & 0x0f);
  }

  private int decodeHour() {
    int raw = memory[HOURS] & 0xff;
    if ((memory[REGISTER_B] & B_24_HOURS) != 0) {
      return decodeByte(raw);
    }
    int twelve = decodeByte(raw & 0x7f);
    if (twelve < 1 || twelve > 12) {
      return 0xff;
    }
    return twelve % 12 + ((raw & HOUR_PM) != 0 ? 12 : 0);
  }
}
