package org.vivarium.devices.virtio.transport;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.vivarium.devices.virtio.queue.SplitVirtqueue;
import org.vivarium.devices.virtio.queue.VirtqueueConfig;
import org.vivarium.devices.virtio.queue.VirtqueueConfigFault;
import org.vivarium.kvm.GuestMemory;

/**
 * A device's life between resets: status, features, activation (VIRTIO 1.2, 2.1, 2.2, 2.4, 3.1.1).
 *
 * <p>Takes legal steps only; others are ignored and logged. Features change before FEATURES_OK
 * only, queues between FEATURES_OK and their enabling only. A reset lasts until the device has
 * drained what it had in flight: until then the status does not read 0 and nothing can be written.
 *
 * <p>Any thread, under the device's one lock.
 */
final class DeviceLifecycle {
  private final Object lock;
  private final VirtioDevice device;
  private final GuestMemory memory;
  private final QueueRegisters[] queues;
  private final VirtioInterruptRouter interrupts;
  private final RateLimitedLog log;
  private final List<Runnable> afterReset = new ArrayList<>();
  private final long offered;
  private long driverFeatures;
  private int status;
  private boolean active;
  private boolean resetting;

  /** Counts activations, so that what an earlier one still says is not heard. */
  private long activation;

  DeviceLifecycle(
      Object lock,
      VirtioDevice device,
      GuestMemory memory,
      QueueRegisters[] queues,
      VirtioInterruptRouter interrupts,
      RateLimitedLog log) {
    this.lock = lock;
    this.device = device;
    this.memory = memory;
    this.queues = queues;
    this.interrupts = interrupts;
    this.log = log;
    this.offered = device.features() | VirtioFeatures.TRANSPORT;
  }

  /** Everything that device and transport offer. */
  long offeredFeatures() {
    return offered;
  }

  /** What the driver selected so far. */
  long driverFeatures() {
    synchronized (lock) {
      return driverFeatures;
    }
  }

  /** The device status field; not 0 while a reset is under way. */
  int status() {
    synchronized (lock) {
      return status;
    }
  }

  /** Whether registers of queues can be written now. */
  boolean queuesWritable() {
    synchronized (lock) {
      int relevant = DeviceStatus.FEATURES_OK | DeviceStatus.DRIVER_OK | DeviceStatus.FAILED;
      return !resetting && (status & relevant) == DeviceStatus.FEATURES_OK;
    }
  }

  /** Whether anything but the status can be written now. */
  boolean isResetting() {
    synchronized (lock) {
      return resetting;
    }
  }

  /**
   * Selects features.
   *
   * @param select 0 for bits 0 to 31, 1 for bits 32 to 63; others hold nothing
   */
  void writeDriverFeatures(long select, long value) {
    synchronized (lock) {
      if (resetting || (status & DeviceStatus.FEATURES_OK) != 0) {
        log.report("The driver selected features after it had settled them");
        return;
      }
      if (select == 0) {
        driverFeatures = (driverFeatures & ~0xFFFF_FFFFL) | value;
      } else if (select == 1) {
        driverFeatures = (driverFeatures & 0xFFFF_FFFFL) | (value << 32);
      }
    }
  }

  /** The driver wrote the device status field. */
  void writeStatus(int value) {
    synchronized (lock) {
      if (resetting) {
        return;
      }
      if (value == 0) {
        reset();
        return;
      }
      if (!DeviceStatus.isLegal(status, value)) {
        log.report(
            "The driver wrote device status 0x%x after 0x%x, which is ignored"
                .formatted(value, status));
        return;
      }
      int added = value & DeviceStatus.DRIVER_BITS & ~status;
      if ((added & DeviceStatus.FEATURES_OK) != 0 && !featuresAcceptable()) {
        added &= ~DeviceStatus.FEATURES_OK;
      }
      boolean ready = (added & DeviceStatus.DRIVER_OK) != 0;
      status |= added;
      if (ready && (status & (DeviceStatus.FAILED | DeviceStatus.DEVICE_NEEDS_RESET)) == 0) {
        activate();
      }
    }
  }

  /**
   * Resets the device on behalf of the machine.
   *
   * @param done run once the device has drained, on any thread
   */
  void reset(Runnable done) {
    synchronized (lock) {
      afterReset.add(done);
      if (!resetting) {
        reset();
      }
    }
  }

  private boolean featuresAcceptable() {
    if ((driverFeatures & ~offered) != 0) {
      log.report(
          "The driver selected features that were not offered: 0x"
              + Long.toHexString(driverFeatures & ~offered));
      return false;
    }
    if ((driverFeatures & VirtioFeatures.VERSION_1) == 0) {
      log.report("The driver did not select VIRTIO_F_VERSION_1");
      return false;
    }
    if (!device.acceptsFeatures(driverFeatures)) {
      log.report(
          "The driver selected features that do not go together: 0x"
              + Long.toHexString(driverFeatures));
      return false;
    }
    return true;
  }

  private void activate() {
    long mine = ++activation;
    List<@Nullable DeviceQueue> activated = new ArrayList<>();
    for (int i = 0; i < queues.length; i++) {
      DeviceQueue queue = null;
      if (queues[i].enabled()) {
        VirtqueueConfig config = queues[i].config();
        VirtqueueConfigFault fault = config.check(memory, queues[i].maxSize());
        if (fault != null) {
          needsReset(mine, "Queue " + i + ": " + fault.message());
          return;
        }
        SplitVirtqueue ring =
            new SplitVirtqueue(
                memory,
                config,
                queues[i].maxSize(),
                (driverFeatures & VirtioFeatures.INDIRECT_DESC) != 0,
                (driverFeatures & VirtioFeatures.EVENT_IDX) != 0);
        queue = new DeviceQueue(i, ring, queues[i].kick(), interrupts);
      }
      activated.add(queue);
    }
    try {
      device.activate(
          new ActivationContext(
              memory, driverFeatures, activated, interrupts, reason -> needsReset(mine, reason)));
      active = true;
    } catch (VirtioActivationException e) {
      needsReset(mine, e.getMessage());
    }
  }

  private void needsReset(long which, @Nullable String reason) {
    synchronized (lock) {
      if (which != activation || resetting || (status & DeviceStatus.DRIVER_OK) == 0) {
        return;
      }
      log.report("Needs a reset. " + reason);
      if ((status & DeviceStatus.DEVICE_NEEDS_RESET) == 0) {
        status |= DeviceStatus.DEVICE_NEEDS_RESET;
        interrupts.config();
      }
    }
  }

  private void reset() {
    if (!active) {
      finishReset();
      return;
    }
    resetting = true;
    device.reset(this::finishReset);
  }

  private void finishReset() {
    List<Runnable> waiting;
    synchronized (lock) {
      for (QueueRegisters queue : queues) {
        queue.reset();
      }
      interrupts.reset();
      driverFeatures = 0;
      status = 0;
      active = false;
      resetting = false;
      waiting = List.copyOf(afterReset);
      afterReset.clear();
    }
    waiting.forEach(Runnable::run);
  }
}
