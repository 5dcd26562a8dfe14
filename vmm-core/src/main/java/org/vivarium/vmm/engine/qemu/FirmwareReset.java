package org.vivarium.vmm.engine.qemu;

/**
 * Tells the firmware's own resets from the guest's. SeaBIOS finds after a reset that it has run
 * before, and resets the machine once more to start clean (SeaBIOS, src/resume.c), so that QEMU
 * reports two resets for one. Used by one thread.
 */
final class FirmwareReset {
  /**
   * Bytes that may arrive late: the last ones before a reset travel by another way than the news of
   * it. Far fewer than what a kernel and its user space print before they can restart.
   */
  static final int STRAGGLERS = 1024;

  private boolean due;
  private long printedBefore;

  /**
   * Whether a reset is the firmware's own: the second in a row, before the guest printed anything
   * but stragglers.
   *
   * @param byGuest whether QEMU says that the reset came from within the machine
   * @param printed bytes on the console so far
   */
  boolean isOwn(boolean byGuest, long printed) {
    boolean own = byGuest && due && printed - printedBefore <= STRAGGLERS;
    due = !own;
    printedBefore = printed;
    return own;
  }
}
