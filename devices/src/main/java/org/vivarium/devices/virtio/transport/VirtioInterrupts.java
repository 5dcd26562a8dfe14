package org.vivarium.devices.virtio.transport;

/** The interrupts of a virtio device. Any thread; allocates nothing. */
public interface VirtioInterrupts {
  /** Used buffer notification of queue {@code index} (VIRTIO 1.2, 2.3). */
  void queue(int index);

  /** Configuration change notification. */
  void config();
}
