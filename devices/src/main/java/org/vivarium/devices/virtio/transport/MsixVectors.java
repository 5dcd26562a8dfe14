package org.vivarium.devices.virtio.transport;

import org.jspecify.annotations.Nullable;
import org.vivarium.kvm.EventFd;

/** The MSI-X vectors of the PCI function that carries a device. Any thread; allocates nothing. */
public interface MsixVectors {
  /** Number of vectors, 1 to 2048. */
  int count();

  /**
   * Signals a vector; a masked one becomes pending.
   *
   * @param vector any number; one that does not exist is ignored
   * @return false if MSI-X is disabled, so that the interrupt goes over INTx
   */
  boolean signal(int vector);

  /** The event that does what {@link #signal} does, or null while there is none for the vector. */
  @Nullable EventFd event(int vector);

  /**
   * Has it told when {@link #event} may answer differently.
   *
   * @param listener called with the device's lock held; must not block
   */
  void setListener(Runnable listener);
}
