package org.vivarium.devices.virtio.transport;

import org.vivarium.devices.bus.InterruptLine;

/**
 * Sends a device's interrupts to the MSI-X vectors that the driver chose, or over INTx with the ISR
 * status (VIRTIO 1.2, 4.1.4.5 and 4.1.5.1.2).
 *
 * <p>Any thread. The ISR status and the level of the line change together under the device's lock.
 */
final class VirtioInterruptRouter implements VirtioInterrupts {
  /** VIRTIO_MSI_NO_VECTOR: no interrupt for this event. */
  static final int NO_VECTOR = 0xFFFF;

  private static final int ISR_QUEUE = 1;
  private static final int ISR_CONFIG = 2;

  private final Object lock;
  private final MsixVectors msix;
  private final InterruptLine intx;
  private final QueueRegisters[] queues;
  private volatile int configVector = NO_VECTOR;
  private int isr;

  VirtioInterruptRouter(
      Object lock, MsixVectors msix, InterruptLine intx, QueueRegisters[] queues) {
    this.lock = lock;
    this.msix = msix;
    this.intx = intx;
    this.queues = queues;
  }

  @Override
  public void queue(int index) {
    raise(queues[index].vector, ISR_QUEUE);
  }

  @Override
  public void config() {
    raise(configVector, ISR_CONFIG);
  }

  /** The vector for configuration changes. */
  int configVector() {
    return configVector;
  }

  /** Chooses the vector for configuration changes; one that does not exist becomes NO_VECTOR. */
  void setConfigVector(int vector) {
    configVector = existing(vector);
  }

  /** Chooses a queue's vector; one that does not exist becomes NO_VECTOR (4.1.5.1.2.1). */
  void setQueueVector(QueueRegisters queue, int vector) {
    queue.vector = existing(vector);
  }

  /** Reads and clears the ISR status, which lowers the line. */
  int readIsr() {
    synchronized (lock) {
      int value = isr;
      isr = 0;
      if (value != 0) {
        intx.setLevel(false);
      }
      return value;
    }
  }

  /** Forgets what is pending and every vector. */
  void reset() {
    readIsr();
    configVector = NO_VECTOR;
  }

  private int existing(int vector) {
    return vector < msix.count() ? vector : NO_VECTOR;
  }

  private void raise(int vector, int isrBit) {
    if (msix.signal(vector)) {
      return;
    }
    synchronized (lock) {
      if (isr == 0) {
        intx.setLevel(true);
      }
      isr |= isrBit;
    }
  }
}
