package org.vivarium.devices.virtio.transport;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.vivarium.kvm.GuestMemory;

/**
 * What a device works with from activation to reset.
 *
 * @param memory the guest's RAM; stays mapped until the device is reset
 * @param features everything that was negotiated
 * @param queues by queue number; null where the driver enabled none
 * @param interrupts to the driver
 * @param failure to be told when the driver broke a rule of the device
 */
public record ActivationContext(
    GuestMemory memory,
    long features,
    List<@Nullable DeviceQueue> queues,
    VirtioInterrupts interrupts,
    Failure failure) {
  /** The way of a device to ask for its reset (VIRTIO 1.2, 2.1.1, DEVICE_NEEDS_RESET). */
  @FunctionalInterface
  public interface Failure {
    /**
     * Sets DEVICE_NEEDS_RESET and tells the driver. The device stops by itself.
     *
     * @param reason one capitalised sentence for the log
     */
    void needsReset(String reason);
  }

  /** Whether a feature was negotiated. */
  public boolean has(long feature) {
    return (features & feature) == feature;
  }

  /** The queue of that number, or null if the driver did not enable it. */
  public @Nullable DeviceQueue queue(int index) {
    return index < queues.size() ? queues.get(index) : null;
  }
}
