package org.vivarium.devices.virtio.transport;

import org.jspecify.annotations.Nullable;
import org.vivarium.kvm.EventFd;

/** The interrupts of a virtio device. Any thread; allocates nothing. */
public interface VirtioInterrupts {
  /** Used buffer notification of queue {@code index} (VIRTIO 1.2, 2.3). */
  void queue(int index);

  /** Told by which event the kernel can interrupt the driver by itself. */
  @FunctionalInterface
  interface DirectListener {
    /**
     * Called with the device's lock held; must not wait for anybody who may want that lock.
     *
     * @param event to be signalled until the next call; null: only {@link #queue} will do, because
     *     the vector is masked or the driver uses none
     */
    void changed(@Nullable EventFd event);
  }

  /**
   * Has somebody told, at once and from then on, by which event a queue's driver can be interrupted
   * without asking this object. Ends with the device's reset.
   *
   * @param listener null to end it
   */
  void direct(int index, @Nullable DirectListener listener);

  /** Configuration change notification. */
  void config();
}
