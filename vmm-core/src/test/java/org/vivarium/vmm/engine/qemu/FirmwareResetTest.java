package org.vivarium.vmm.engine.qemu;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class FirmwareResetTest {
  private final FirmwareReset firmware = new FirmwareReset();

  @Test
  void firstIsTheGuests() {
    assertFalse(firmware.isOwn(true, 0, 0));
  }

  @Test
  void thoseSoonAfterItAreTheFirmwares() {
    firmware.isOwn(true, 5_000_000, 100);

    assertTrue(firmware.isOwn(true, 5_200_000, 100 + FirmwareReset.STRAGGLERS));
    assertTrue(firmware.isOwn(true, 5_203_000, 100 + FirmwareReset.STRAGGLERS));
  }

  @Test
  void thoseSoonAfterAPersonsAreTheFirmwares() {
    assertFalse(firmware.isOwn(false, 5_000_000, 100));
    assertTrue(firmware.isOwn(true, 5_200_000, 100));
  }

  @Test
  void resetByAPersonIsNeverTheFirmwares() {
    firmware.isOwn(true, 5_000_000, 100);

    assertFalse(firmware.isOwn(false, 5_000_001, 100));
  }

  @Test
  void laterOneIsTheGuests() {
    firmware.isOwn(true, 5_000_000, 100);

    assertFalse(firmware.isOwn(true, 5_000_000 + FirmwareReset.SOON_MICROS, 100));
  }

  @Test
  void oneAfterOutputIsTheGuests() {
    firmware.isOwn(true, 5_000_000, 100);

    assertFalse(firmware.isOwn(true, 5_000_001, 101 + FirmwareReset.STRAGGLERS));
  }
}
