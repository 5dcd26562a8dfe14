package org.vivarium.devices.virtio.testing;

import java.util.ArrayList;
import java.util.List;
import org.vivarium.devices.bus.InterruptLine;
import org.vivarium.devices.virtio.queue.VirtqueueConfig;
import org.vivarium.devices.virtio.transport.DeviceStatus;
import org.vivarium.devices.virtio.transport.VirtioDevice;
import org.vivarium.devices.virtio.transport.VirtioFeatures;
import org.vivarium.devices.virtio.transport.VirtioRegisters;
import org.vivarium.kvm.KvmException;

/**
 * A driver's view of a whole device: registers, queues and interrupts, through the accesses that a
 * guest makes.
 */
public final class DriverSideDevice implements AutoCloseable {
  /** The vector of configuration changes; queue n has vector n + 1. */
  public static final int CONFIG_VECTOR = 0;

  private static final long WAIT_NANOS = 60_000_000_000L;

  private final GuestRam ram;
  private final ManualLoop loop;
  private final VirtioDevice device;
  private final VirtioRegisters registers;
  private final FakeMsix msix;
  private final Line intx = new Line();
  private final List<DriverSideQueue> queues = new ArrayList<>();

  /** Whether the INTx pin is asserted. */
  public static final class Line implements InterruptLine {
    private volatile boolean asserted;

    /** The present level. */
    public boolean asserted() {
      return asserted;
    }

    @Override
    public void setLevel(boolean level) {
      asserted = level;
    }

    @Override
    public void pulse() {
      throw new AssertionError("INTx is level-triggered");
    }
  }

  /** Puts a device behind registers; queues get the size 16 or less if the device offers less. */
  public DriverSideDevice(GuestRam ram, ManualLoop loop, VirtioDevice device) {
    this.ram = ram;
    this.loop = loop;
    this.device = device;
    this.msix = new FakeMsix(device.queueCount() + 1);
    try {
      this.registers = new VirtioRegisters("test", this, device, ram.memory(), msix, intx);
    } catch (KvmException e) {
      throw new AssertionError(e);
    }
    for (int i = 0; i < device.queueCount(); i++) {
      queues.add(new DriverSideQueue(ram, Math.min(16, device.queueMaxSize(i))));
    }
  }

  /** The registers. */
  public VirtioRegisters registers() {
    return registers;
  }

  /** The driver's side of a queue. */
  public DriverSideQueue queue(int index) {
    return queues.get(index);
  }

  /** The interrupt vectors. */
  public FakeMsix msix() {
    return msix;
  }

  /** The INTx pin. */
  public Line intx() {
    return intx;
  }

  /** Reads a common configuration field. */
  public long common(int offset, int size) {
    return registers.read(VirtioRegisters.COMMON + offset, size);
  }

  /** Writes a common configuration field. */
  public void setCommon(int offset, int size, long value) {
    registers.write(VirtioRegisters.COMMON + offset, size, value);
  }

  /** Reads the device configuration space. */
  public long config(int offset, int size) {
    return registers.read(VirtioRegisters.DEVICE + offset, size);
  }

  /** Initializes the device with every feature that it offers. */
  public DriverSideDevice start() {
    return start(device.features() | VirtioFeatures.INDIRECT_DESC | VirtioFeatures.EVENT_IDX);
  }

  /** Initializes the device as VIRTIO 1.2, 3.1.1 has it, and lets the loop run. */
  public DriverSideDevice start(long features) {
    negotiate(features | VirtioFeatures.VERSION_1);
    for (int i = 0; i < queues.size(); i++) {
      configure(i, queues.get(i).config());
    }
    setStatus(0xF);
    loop.run();
    return this;
  }

  /** Goes up to FEATURES_OK. */
  public void negotiate(long features) {
    setStatus(DeviceStatus.ACKNOWLEDGE);
    setStatus(DeviceStatus.ACKNOWLEDGE | DeviceStatus.DRIVER);
    setCommon(8, 4, 0);
    setCommon(12, 4, features & 0xFFFF_FFFFL);
    setCommon(8, 4, 1);
    setCommon(12, 4, features >>> 32);
    setStatus(DeviceStatus.ACKNOWLEDGE | DeviceStatus.DRIVER | DeviceStatus.FEATURES_OK);
    setCommon(16, 2, CONFIG_VECTOR);
  }

  /** Configures and enables one queue. */
  public void configure(int index, VirtqueueConfig config) {
    setCommon(22, 2, index);
    setCommon(24, 2, config.size());
    setCommon(26, 2, index + 1);
    setCommon(32, 8, config.descriptorTable());
    setCommon(40, 4, config.availableRing() & 0xFFFF_FFFFL);
    setCommon(44, 4, config.availableRing() >>> 32);
    setCommon(48, 8, config.usedRing());
    setCommon(28, 2, 1);
  }

  /** Writes the device status field. */
  public void setStatus(int status) {
    setCommon(20, 1, status);
  }

  /** Reads the device status field. */
  public int status() {
    return (int) common(20, 1);
  }

  /** Whether the device asked for its reset. */
  public boolean needsReset() {
    return (status() & DeviceStatus.DEVICE_NEEDS_RESET) != 0;
  }

  /** Notifies the device about a queue and lets the loop run. */
  public void kick(int index) {
    notifyOnly(index);
    loop.run();
  }

  /** Notifies the device about a queue. */
  public void notifyOnly(int index) {
    registers.write(VirtioRegisters.notifyOffset(index), 2, index);
  }

  /** Turns the loop until the device has returned {@code count} more chains of a queue. */
  public List<DriverSideQueue.Used> awaitUsed(int index, int count) {
    List<DriverSideQueue.Used> all = new ArrayList<>();
    long deadline = System.nanoTime() + WAIT_NANOS;
    while (all.size() < count) {
      loop.turn();
      all.addAll(queues.get(index).allUsed());
      if (System.nanoTime() > deadline) {
        throw new AssertionError("Only " + all.size() + " of " + count + " chains were returned");
      }
      Thread.onSpinWait();
    }
    return all;
  }

  /**
   * Resets the device, turns the loop until the reset has ended, and forgets the queues' content.
   */
  public void awaitReset() {
    awaitResetKeepingQueues();
    queues.forEach(DriverSideQueue::reset);
  }

  /** Resets the device and turns the loop until the reset has ended. */
  public void awaitResetKeepingQueues() {
    setStatus(0);
    long deadline = System.nanoTime() + WAIT_NANOS;
    while (status() != 0) {
      loop.turn();
      if (System.nanoTime() > deadline) {
        throw new AssertionError("The reset does not end");
      }
      Thread.onSpinWait();
    }
  }

  /** Resets the device, waits for it, and forgets the queues' content. */
  public void reset() {
    setStatus(0);
    loop.run();
    if (status() != 0) {
      throw new AssertionError("The reset does not end");
    }
    queues.forEach(DriverSideQueue::reset);
  }

  /** The RAM that the queues are in. */
  public GuestRam ram() {
    return ram;
  }

  @Override
  public void close() {
    registers.close();
  }
}
