package org.vivarium.devices.virtio.transport;

import org.vivarium.devices.bus.BusDevice;
import org.vivarium.devices.bus.InterruptLine;
import org.vivarium.kvm.EventFd;
import org.vivarium.kvm.GuestMemory;
import org.vivarium.kvm.KvmException;

/**
 * The register region of a virtio-pci device: common configuration, ISR status, device
 * configuration and one notification register per queue, each in a page of its own (VIRTIO 1.2,
 * 4.1.4).
 *
 * <p>Any thread.
 */
public final class VirtioRegisters implements BusDevice, AutoCloseable {
  /** Offset of the common configuration structure. */
  public static final int COMMON = 0x0000;

  /** Offset of the ISR status. */
  public static final int ISR = 0x1000;

  /** Offset of the device configuration space. */
  public static final int DEVICE = 0x2000;

  /** Offset of the notification registers. */
  public static final int NOTIFY = 0x3000;

  /** notify_off_multiplier: bytes between the notification registers of two queues. */
  public static final int NOTIFY_MULTIPLIER = 4;

  /** Bytes of the region. */
  public static final int LENGTH = 0x4000;

  private static final int PAGE = 0x1000;

  private final VirtioDevice device;
  private final EventFd[] kicks;
  private final VirtioInterruptRouter interrupts;
  private final DeviceLifecycle lifecycle;
  private final VirtioCommonConfig common;

  /**
   * Makes the registers of a device that is in reset.
   *
   * @param name of the device, for the log
   * @param lock the one lock of the PCI function; interrupts are raised with it held
   * @throws KvmException if the host has no event left
   */
  public VirtioRegisters(
      String name,
      Object lock,
      VirtioDevice device,
      GuestMemory memory,
      MsixVectors msix,
      InterruptLine intx)
      throws KvmException {
    int count = device.queueCount();
    if (count < 1 || count > PAGE / NOTIFY_MULTIPLIER || device.configSpace().length() > PAGE) {
      throw new IllegalArgumentException("Queues or configuration do not fit the registers");
    }
    this.device = device;
    this.kicks = new EventFd[count];
    QueueRegisters[] queues = new QueueRegisters[count];
    for (int i = 0; i < count; i++) {
      kicks[i] = EventFd.create();
      queues[i] = new QueueRegisters(device.queueMaxSize(i), kicks[i]);
    }
    interrupts = new VirtioInterruptRouter(lock, msix, intx, queues);
    lifecycle =
        new DeviceLifecycle(lock, device, memory, queues, interrupts, new RateLimitedLog(name));
    common = new VirtioCommonConfig(lock, device, lifecycle, queues, interrupts);
  }

  /** Number of queues. */
  public int queueCount() {
    return kicks.length;
  }

  /** The event that a notification of queue {@code index} signals. */
  public EventFd kick(int index) {
    return kicks[index];
  }

  /** Offset of the notification register of queue {@code index} in this region. */
  public static long notifyOffset(int index) {
    return NOTIFY + (long) NOTIFY_MULTIPLIER * index;
  }

  /** Bytes of the device configuration space. */
  public int deviceConfigLength() {
    return device.configSpace().length();
  }

  /** The device status field (VIRTIO 1.2, 2.1). */
  public int status() {
    return lifecycle.status();
  }

  /**
   * Resets the device on behalf of the machine.
   *
   * @param drained run once nothing of the device touches guest memory any more, on any thread;
   *     must not block
   */
  public void reset(Runnable drained) {
    lifecycle.reset(drained);
  }

  @Override
  public long read(long offset, int size) {
    int page = (int) (offset & -PAGE);
    long inPage = offset & (PAGE - 1);
    return switch (page) {
      case COMMON -> common.read(inPage, size);
      case ISR -> inPage == 0 ? interrupts.readIsr() : 0;
      case DEVICE -> device.configSpace().read(inPage, size);
      default -> 0;
    };
  }

  @Override
  public void write(long offset, int size, long value) {
    int page = (int) (offset & -PAGE);
    long inPage = offset & (PAGE - 1);
    long bits = size < 8 ? value & ((1L << (8 * size)) - 1) : value;
    switch (page) {
      case COMMON -> common.write(inPage, size, bits);
      case DEVICE -> device.configSpace().write(inPage, size, bits);
      case NOTIFY -> notifyQueue(inPage);
      default -> {
        // The ISR status is read-only, and nothing else is here.
      }
    }
  }

  /** Frees the events. The device is in reset, and the machine no longer routes anything here. */
  @Override
  public void close() {
    for (EventFd kick : kicks) {
      kick.close();
    }
  }

  private void notifyQueue(long inPage) {
    long queue = inPage / NOTIFY_MULTIPLIER;
    if (inPage % NOTIFY_MULTIPLIER == 0 && queue < kicks.length) {
      kicks[(int) queue].signal();
    }
  }
}
