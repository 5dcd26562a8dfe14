package org.vivarium.devices.virtio.transport;

import org.vivarium.devices.virtio.queue.VirtqueueConfig;
import org.vivarium.kvm.EventFd;

/**
 * The registers of one queue in the common configuration structure (VIRTIO 1.2, 4.1.4.3).
 *
 * <p>Any value that the driver wrote; judged at activation. Once a queue is enabled its size and
 * addresses no longer change (CVE-2026-5747). Guarded by the lock of {@link DeviceLifecycle}, but
 * for the vector, which the I/O thread reads.
 */
final class QueueRegisters {
  private final int maxSize;
  private final EventFd kick;
  private int size;
  private long descriptorTable;
  private long availableRing;
  private long usedRing;
  private boolean enabled;
  volatile int vector = VirtioInterruptRouter.NO_VECTOR;

  QueueRegisters(int maxSize, EventFd kick) {
    this.maxSize = maxSize;
    this.kick = kick;
    this.size = maxSize;
  }

  int maxSize() {
    return maxSize;
  }

  EventFd kick() {
    return kick;
  }

  boolean enabled() {
    return enabled;
  }

  VirtqueueConfig config() {
    return new VirtqueueConfig(size, descriptorTable, availableRing, usedRing);
  }

  void reset() {
    size = maxSize;
    descriptorTable = 0;
    availableRing = 0;
    usedRing = 0;
    enabled = false;
    vector = VirtioInterruptRouter.NO_VECTOR;
  }

  /**
   * Writes one of the registers from queue_size to queue_device.
   *
   * @param offset offset in the common configuration structure
   * @return whether there is such a register of that width
   */
  boolean write(int offset, int width, long value) {
    if (enabled) {
      return false;
    }
    if (offset == CommonConfigLayout.QUEUE_SIZE && width == 2) {
      size = (int) value;
      return true;
    }
    if (offset == CommonConfigLayout.QUEUE_ENABLE && width == 2) {
      // 0 is what a driver must not write (VIRTIO 1.2, 4.1.4.3.2); a reset disables a queue.
      enabled = value == 1;
      return enabled;
    }
    boolean wide = width == 8 && (offset & 7) == 0;
    if (offset < CommonConfigLayout.QUEUE_DESC || (!wide && width != 4) || (offset & 3) != 0) {
      return false;
    }
    int shift = (offset & 4) * 8;
    long mask = wide ? -1L : 0xFFFF_FFFFL << shift;
    long bits = wide ? value : value << shift;
    switch (offset & ~7) {
      case CommonConfigLayout.QUEUE_DESC -> descriptorTable = (descriptorTable & ~mask) | bits;
      case CommonConfigLayout.QUEUE_DRIVER -> availableRing = (availableRing & ~mask) | bits;
      case CommonConfigLayout.QUEUE_DEVICE -> usedRing = (usedRing & ~mask) | bits;
      default -> {
        return false;
      }
    }
    return true;
  }
}
