package org.vivarium.vmm.engine.qemu;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class FirmwareResetTest {
  private final FirmwareReset firmware = new FirmwareReset();

  @Test
  void secondOfTwoInARowIsTheFirmwares() {
    assertFalse(firmware.isOwn(true, 100));
    assertTrue(firmware.isOwn(true, 100));
    assertFalse(firmware.isOwn(true, 200));
    assertTrue(firmware.isOwn(true, 200 + FirmwareReset.STRAGGLERS));
  }

  @Test
  void thirdOfThreeInARowIsTheGuests() {
    firmware.isOwn(true, 100);
    firmware.isOwn(true, 100);

    assertFalse(firmware.isOwn(true, 100));
  }

  @Test
  void resetByAPersonIsNeverTheFirmwaresAndIsFollowedByIt() {
    assertFalse(firmware.isOwn(false, 100));
    assertFalse(firmware.isOwn(false, 100));
    assertTrue(firmware.isOwn(true, 100));
  }

  @Test
  void resetAfterOutputIsTheGuestsWhereTheFirmwareDoesNotReset() {
    firmware.isOwn(true, 100);

    assertFalse(firmware.isOwn(true, 101 + FirmwareReset.STRAGGLERS));
  }
}
