package org.vivarium.devices.virtio.transport;

/** The MSI-X vectors of the PCI function that carries a device. Any thread; allocates nothing. */
public interface MsixVectors {
  /** Number of vectors, 1 to 2048. */
  int count();

  /** Whether the driver enabled MSI-X; if not, interrupts go over INTx. */
  boolean enabled();

  /**
   * Signals a vector; a masked one becomes pending.
   *
   * @param vector 0 to count - 1
   */
  void signal(int vector);
}
