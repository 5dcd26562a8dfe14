package org.vivarium.devices.virtio.transport;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.vivarium.devices.bus.InterruptLine;
import org.vivarium.kvm.EventFd;

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
  private final @Nullable DirectListener[] listeners;
  private final @Nullable EventFd[] told;
  private volatile int configVector = NO_VECTOR;
  private int isr;

  VirtioInterruptRouter(
      Object lock, MsixVectors msix, InterruptLine intx, QueueRegisters[] queues) {
    this.lock = lock;
    this.msix = msix;
    this.intx = intx;
    this.queues = queues;
    this.listeners = new @Nullable DirectListener[queues.length];
    this.told = new @Nullable EventFd[queues.length];
    msix.setListener(this::tellAll);
  }

  @Override
  public void queue(int index) {
    raise(queues[index].vector, ISR_QUEUE);
  }

  @Override
  public void config() {
    raise(configVector, ISR_CONFIG);
  }

  @Override
  public void direct(int index, @Nullable DirectListener listener) {
    synchronized (lock) {
      listeners[index] = listener;
      told[index] = msix.event(queues[index].vector);
      if (listener != null) {
        listener.changed(told[index]);
      }
    }
  }

  private void tellAll() {
    for (int i = 0; i < listeners.length; i++) {
      DirectListener listener = listeners[i];
      if (listener != null) {
        EventFd now = msix.event(queues[i].vector);
        if (now != told[i]) {
          told[i] = now;
          listener.changed(now);
        }
      }
    }
  }

  /** The vector for configuration changes. */
  int configVector() {
    return configVector;
  }

  /** Chooses the vector for configuration changes; one that does not exist becomes NO_VECTOR. */
  void setConfigVector(int vector) {
    configVector = existing(vector);
  }

  /**
   * Chooses a queue's vector; one that does not exist becomes NO_VECTOR (4.1.5.1.2.1). With the
   * lock held.
   */
  void setQueueVector(QueueRegisters queue, int vector) {
    queue.vector = existing(vector);
    tellAll();
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
    Arrays.fill(listeners, null);
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
