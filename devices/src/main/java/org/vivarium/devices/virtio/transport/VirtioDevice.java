package org.vivarium.devices.virtio.transport;

/**
 * The control plane of a virtio device: identity, features, configuration space, activation, reset.
 *
 * <p>Methods are called on virtual processors' threads; they do not block. {@link #activate} and
 * {@link #reset} take turns under the transport's lock and hand work over to the device's I/O
 * thread; the others may run at any time, several at once. What a driver writes throws nothing.
 */
public interface VirtioDevice {
  /** What kind of device this is. */
  VirtioDeviceType type();

  /** Device-specific feature bits that are offered (VIRTIO 1.2, 2.2: bits 0 to 23, 50 and up). */
  long features();

  /**
   * Whether the device can work with this selection of what it offered, device-specific bits and
   * others (VIRTIO 1.2, 2.2: features that depend on others).
   */
  default boolean acceptsFeatures(long negotiated) {
    return true;
  }

  /** Number of virtqueues. */
  int queueCount();

  /** Largest size of a queue: a power of two, 1 to 32768. */
  int queueMaxSize(int index);

  /** The device configuration space. */
  DeviceConfigSpace configSpace();

  /**
   * Starts the device: the driver is ready.
   *
   * @throws VirtioActivationException if the device cannot work; it then stays as after a reset
   */
  void activate(ActivationContext context) throws VirtioActivationException;

  /**
   * Stops an active device: no chain is popped from now on, and requests in flight end.
   *
   * @param drained to be run once, on any thread, when nothing of the device touches a queue or
   *     guest memory any more; may be run before this returns
   */
  void reset(Runnable drained);
}
