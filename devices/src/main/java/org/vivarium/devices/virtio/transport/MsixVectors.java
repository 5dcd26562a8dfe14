package org.vivarium.devices.virtio.transport;

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
}
