package org.vivarium.devices.virtio.transport;

import org.vivarium.devices.virtio.queue.SplitVirtqueue;
import org.vivarium.kvm.EventFd;

/**
 * A virtqueue of an active device with its notifications in both directions.
 *
 * @param index number of the queue in its device
 * @param ring the queue itself; belongs to the device's I/O thread
 * @param kick signalled when the driver made chains available
 * @param interrupts where the driver's notification goes
 */
public record DeviceQueue(
    int index, SplitVirtqueue ring, EventFd kick, VirtioInterrupts interrupts) {
  /** Interrupts the driver if it wants that for the chains returned since the last time. */
  public void notifyUsed() {
    if (ring.needsNotification()) {
      interrupts.queue(index);
    }
  }
}
