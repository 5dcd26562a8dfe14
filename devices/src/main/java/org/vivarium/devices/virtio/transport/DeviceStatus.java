package org.vivarium.devices.virtio.transport;

/** The bits of the device status field (VIRTIO 1.2, 2.1). */
public final class DeviceStatus {
  /** The driver has noticed the device. */
  public static final int ACKNOWLEDGE = 1;

  /** The driver knows how to drive the device. */
  public static final int DRIVER = 2;

  /** The driver is ready: the device works. */
  public static final int DRIVER_OK = 4;

  /** Both sides agree on the features. */
  public static final int FEATURES_OK = 8;

  /** The device met an error that it cannot recover from; set by the device only. */
  public static final int DEVICE_NEEDS_RESET = 64;

  /** The driver gave up. */
  public static final int FAILED = 128;

  /** Every bit that a driver may set. */
  static final int DRIVER_BITS = ACKNOWLEDGE | DRIVER | DRIVER_OK | FEATURES_OK | FAILED;

  private DeviceStatus() {}

  /**
   * Whether a driver may go from one status to another (VIRTIO 1.2, 3.1.1): no bit is cleared, and
   * each step has the steps before it. Several steps at once are taken, as firmware does.
   *
   * @param from present status
   * @param to status that the driver wrote, not 0
   */
  static boolean isLegal(int from, int to) {
    if ((to & ~(DRIVER_BITS | DEVICE_NEEDS_RESET)) != 0 || (from & DRIVER_BITS & ~to) != 0) {
      return false;
    }
    boolean driverInOrder = (to & DRIVER) == 0 || (to & ACKNOWLEDGE) != 0;
    boolean featuresInOrder = (to & FEATURES_OK) == 0 || (to & DRIVER) != 0;
    // The driver must have read FEATURES_OK back before it goes on, so it was set earlier.
    boolean readyInOrder = (to & DRIVER_OK) == 0 || (from & FEATURES_OK) != 0;
    return driverInOrder && featuresInOrder && readyInOrder;
  }
}
