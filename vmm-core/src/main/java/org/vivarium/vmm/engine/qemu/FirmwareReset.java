package org.vivarium.vmm.engine.qemu;

import java.util.concurrent.TimeUnit;

/**
 * Tells the firmware's own resets from the guest's. SeaBIOS finds after a reset that it has run
 * before, and resets the machine again to start clean, by several ways in turn until one works
 * (SeaBIOS, src/resume.c), so that QEMU reports two or three resets for one. Used by one thread.
 */
final class FirmwareReset {
  /**
   * Bytes that may arrive late: the last ones before a reset travel by another way than the news of
   * it. Far fewer than what a kernel and its user space print before they can restart.
   */
  static final int STRAGGLERS = 1024;

  /** The firmware resets sooner after a reset than this, and no guest boots so fast. */
  static final long SOON_MICROS = TimeUnit.SECONDS.toMicros(1);

  private boolean any;
  private long lastMicros;
  private long printedBefore;

  /**
   * Whether a reset is the firmware's own: soon after another, and without output but stragglers.
   *
   * @param byGuest whether QEMU says that the reset came from within the machine
   * @param micros when, by QEMU's clock
   * @param printed bytes on the console so far
   */
  boolean isOwn(boolean byGuest, long micros, long printed) {
    boolean own =
        any
            && byGuest
            && micros - lastMicros < SOON_MICROS
            && printed - printedBefore <= STRAGGLERS;
    any = true;
    lastMicros = micros;
    printedBefore = printed;
    return own;
  }
}
