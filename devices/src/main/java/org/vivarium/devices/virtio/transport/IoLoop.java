package org.vivarium.devices.virtio.transport;

import org.vivarium.kvm.EventFd;

/**
 * The I/O thread of a device: waits for events and runs what belongs to them, one at a time.
 *
 * <p>Everything that a device does to its queues runs here, so that queues need no lock. Callbacks
 * do not block. One loop may serve many devices.
 */
public interface IoLoop {
  /** Something that is waited for. */
  interface Watch {
    /** Ends the waiting. Called on the loop's thread; the callback does not run afterwards. */
    void cancel();
  }

  /**
   * Runs {@code callback} on the loop's thread each time the event's count is above 0, after
   * setting it to 0. Any thread.
   */
  Watch watch(EventFd event, Runnable callback);

  /** Runs {@code task} once on the loop's thread, after the tasks given before it. Any thread. */
  void execute(Runnable task);
}
