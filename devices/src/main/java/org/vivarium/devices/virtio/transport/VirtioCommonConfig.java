package org.vivarium.devices.virtio.transport;

import static org.vivarium.devices.virtio.transport.CommonConfigLayout.CONFIG_MSIX_VECTOR;
import static org.vivarium.devices.virtio.transport.CommonConfigLayout.DEVICE_FEATURE;
import static org.vivarium.devices.virtio.transport.CommonConfigLayout.DEVICE_FEATURE_SELECT;
import static org.vivarium.devices.virtio.transport.CommonConfigLayout.DEVICE_STATUS;
import static org.vivarium.devices.virtio.transport.CommonConfigLayout.DRIVER_FEATURE;
import static org.vivarium.devices.virtio.transport.CommonConfigLayout.DRIVER_FEATURE_SELECT;
import static org.vivarium.devices.virtio.transport.CommonConfigLayout.QUEUE_DESC;
import static org.vivarium.devices.virtio.transport.CommonConfigLayout.QUEUE_DEVICE;
import static org.vivarium.devices.virtio.transport.CommonConfigLayout.QUEUE_DRIVER;
import static org.vivarium.devices.virtio.transport.CommonConfigLayout.QUEUE_ENABLE;
import static org.vivarium.devices.virtio.transport.CommonConfigLayout.QUEUE_MSIX_VECTOR;
import static org.vivarium.devices.virtio.transport.CommonConfigLayout.QUEUE_SELECT;
import static org.vivarium.devices.virtio.transport.CommonConfigLayout.QUEUE_SIZE;

import org.jspecify.annotations.Nullable;
import org.vivarium.devices.bus.BusDevice;
import org.vivarium.devices.virtio.queue.VirtqueueConfig;

/**
 * The common configuration structure as registers (VIRTIO 1.2, 4.1.4.3).
 *
 * <p>Reads of any width and offset are answered; writes only in a field's own width, 64-bit fields
 * also by halves, as a driver must access them (4.1.3.1). Any thread, under the device's one lock.
 */
final class VirtioCommonConfig implements BusDevice {
  private final Object lock;
  private final VirtioDevice device;
  private final DeviceLifecycle lifecycle;
  private final QueueRegisters[] queues;
  private final VirtioInterruptRouter interrupts;
  private long deviceFeatureSelect;
  private long driverFeatureSelect;
  private int queueSelect;

  VirtioCommonConfig(
      Object lock,
      VirtioDevice device,
      DeviceLifecycle lifecycle,
      QueueRegisters[] queues,
      VirtioInterruptRouter interrupts) {
    this.lock = lock;
    this.device = device;
    this.lifecycle = lifecycle;
    this.queues = queues;
    this.interrupts = interrupts;
  }

  @Override
  public long read(long offset, int size) {
    synchronized (lock) {
      long value = 0;
      for (int i = 0; i < size; i++) {
        long at = offset + i;
        if (at < CommonConfigLayout.LENGTH) {
          long octet = word((int) at & ~3) >>> (8 * (at & 3)) & 0xFF;
          value |= octet << (8 * i);
        }
      }
      return value;
    }
  }

  @Override
  public void write(long offset, int size, long value) {
    if (offset < 0 || offset >= CommonConfigLayout.LENGTH) {
      return;
    }
    synchronized (lock) {
      int at = (int) offset;
      if (at == DEVICE_STATUS && size == 1) {
        if (value == 0) {
          deviceFeatureSelect = 0;
          driverFeatureSelect = 0;
          queueSelect = 0;
        }
        lifecycle.writeStatus((int) value);
      } else if (!lifecycle.isResetting()) {
        writeField(at, size, value);
      }
    }
  }

  private void writeField(int at, int size, long value) {
    QueueRegisters queue = selected();
    if (at < CONFIG_MSIX_VECTOR && size == 4) {
      switch (at) {
        case DEVICE_FEATURE_SELECT -> deviceFeatureSelect = value;
        case DRIVER_FEATURE_SELECT -> driverFeatureSelect = value;
        case DRIVER_FEATURE -> lifecycle.writeDriverFeatures(driverFeatureSelect, value);
        default -> {
          // device_feature is read-only.
        }
      }
    } else if (at == CONFIG_MSIX_VECTOR && size == 2) {
      interrupts.setConfigVector((int) value);
    } else if (at == QUEUE_SELECT && size == 2) {
      queueSelect = (int) value;
    } else if (queue != null && at == QUEUE_MSIX_VECTOR && size == 2) {
      interrupts.setQueueVector(queue, (int) value);
    } else if (queue != null && at >= QUEUE_SIZE && lifecycle.queuesWritable()) {
      queue.write(at, size, value);
    }
  }

  /** The four bytes at an aligned offset. */
  private long word(int offset) {
    return switch (offset) {
      case DEVICE_FEATURE_SELECT -> deviceFeatureSelect;
      case DEVICE_FEATURE -> half(lifecycle.offeredFeatures(), deviceFeatureSelect);
      case DRIVER_FEATURE_SELECT -> driverFeatureSelect;
      case DRIVER_FEATURE -> half(lifecycle.driverFeatures(), driverFeatureSelect);
      case CONFIG_MSIX_VECTOR -> interrupts.configVector() | (long) queues.length << 16;
      case DEVICE_STATUS ->
          lifecycle.status()
              | (long) device.configSpace().generation() << 8
              | (long) queueSelect << 16;
      default -> queueWord(offset);
    };
  }

  private long queueWord(int offset) {
    QueueRegisters queue = selected();
    if (queue == null) {
      // queue_size 0: the queue is not available (4.1.4.3.1).
      return 0;
    }
    VirtqueueConfig config = queue.config();
    return switch (offset) {
      case QUEUE_SIZE -> config.size() | (long) queue.vector << 16;
      case QUEUE_ENABLE -> (queue.enabled() ? 1 : 0) | (long) queueSelect << 16;
      case QUEUE_DESC -> config.descriptorTable();
      case QUEUE_DESC + 4 -> config.descriptorTable() >>> 32;
      case QUEUE_DRIVER -> config.availableRing();
      case QUEUE_DRIVER + 4 -> config.availableRing() >>> 32;
      case QUEUE_DEVICE -> config.usedRing();
      case QUEUE_DEVICE + 4 -> config.usedRing() >>> 32;
      default -> 0;
    };
  }

  private @Nullable QueueRegisters selected() {
    return queueSelect < queues.length ? queues[queueSelect] : null;
  }

  private static long half(long features, long select) {
    if (select == 0) {
      return features & 0xFFFF_FFFFL;
    }
    return select == 1 ? features >>> 32 : 0;
  }
}
