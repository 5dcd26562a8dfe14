package org.vivarium.vmm.machine;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.vivarium.devices.legacy.OutputRing;
import org.vivarium.devices.virtio.blk.BlkConfig;
import org.vivarium.devices.virtio.blk.BlkDevice;
import org.vivarium.devices.virtio.console.ConsoleConfig;
import org.vivarium.devices.virtio.console.ConsoleDevice;
import org.vivarium.devices.virtio.net.NetDevice;
import org.vivarium.devices.virtio.rng.RandomSource;
import org.vivarium.devices.virtio.rng.RngDevice;
import org.vivarium.kvm.KvmException;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.arch.X86Layout;
import org.vivarium.vmm.config.NetConfig;

/**
 * The virtio devices of one life of hardware, made from the host's ends, and what can be asked of
 * them while the guest runs.
 *
 * <p>Owned by the control thread; {@link #consoleInput} and {@link #resizeConsole} may be called
 * from any.
 */
final class VirtioDevices {
  private static final int BLK_QUEUE_SIZE = 256;
  private static final int BLK_WORKERS = 4;

  /** More queues than that no longer help, for one I/O thread serves them all. */
  private static final int MOST_BLK_QUEUES = 4;

  private final HostDevices host;
  private final VirtioSlots slots;
  private final int blkQueues;
  private final Map<String, BlkDevice> disks = new HashMap<>();
  private final Map<String, NetDevice> networks = new HashMap<>();
  private @Nullable ConsoleDevice console;

  /**
   * @param cpus processors of the machine, which share the queues of a disk
   */
  VirtioDevices(HostDevices host, VirtioSlots slots, int cpus) {
    this.host = host;
    this.slots = slots;
    this.blkQueues = Math.min(cpus, MOST_BLK_QUEUES);
  }

  /**
   * Makes every device that the host has an end for.
   *
   * @param virtioConsole takes what the guest prints on hvc0; null: there is no such console
   * @throws KvmException if the host has no more events; {@link #takeDown} frees what was made
   */
  void plugAll(@Nullable OutputRing virtioConsole) throws KvmException, InvalidConfigException {
    RandomSource entropy = host.entropy().orElse(null);
    if (entropy != null) {
      slots.plug(X86Layout.RNG_SLOT, "rng", new RngDevice(host.loop(), entropy), () -> {});
    }
    if (virtioConsole != null) {
      plugConsole(virtioConsole);
    }
    for (HostDevices.Network network : host.networks()) {
      plugNetwork(network);
    }
    for (HostDevices.Disk disk : host.disks()) {
      plugDisk(disk);
    }
  }

  private void plugConsole(OutputRing output) throws KvmException {
    ConsoleDevice device =
        new ConsoleDevice(ConsoleConfig.single(), host.loop(), List.of(output::offer));
    output.setSpaceListener(device.ports().getFirst()::outputReady);
    slots.plug(X86Layout.CONSOLE_SLOT, "console", device, () -> output.setSpaceListener(() -> {}));
    console = device;
  }

  private void plugNetwork(HostDevices.Network network)
      throws KvmException, InvalidConfigException {
    NetConfig config = network.config();
    NetDevice device =
        new NetDevice(
            config.id(),
            org.vivarium.devices.virtio.net.NetConfig.of(config.macBits()),
            network.backend(),
            host.loop());
    device.setLink(
        config.linkUp() && !(config.backend() instanceof org.vivarium.vmm.config.NetBackend.None));
    slots.plug(network.slot(), config.id(), device, () -> {});
    networks.put(config.id(), device);
  }

  /** Makes a disk's device and puts it into its slot. */
  void plugDisk(HostDevices.Disk disk) throws KvmException {
    BlkConfig config =
        new BlkConfig(
            disk.config().serial(),
            disk.config().readOnly(),
            blkQueues,
            BLK_QUEUE_SIZE,
            BLK_WORKERS);
    String id = disk.config().id();
    BlkDevice device = new BlkDevice(id, config, disk.image(), host.loop(), host::crashed);
    slots.plug(disk.slot(), id, device, device::close);
    disks.put(id, device);
  }

  /** Takes a disk's device away, once its requests in flight have ended. */
  void unplugDisk(HostDevices.Disk disk) throws InterruptedException {
    disks.remove(disk.config().id());
    slots.unplug(disk.slot());
  }

  /** Tells the guest that a disk's size has changed. */
  void capacityChanged(String id) {
    BlkDevice device = disks.get(id);
    if (device != null) {
      device.capacityChanged();
    }
  }

  /**
   * Plugs a card's cable in or out.
   *
   * @throws InvalidConfigException if there is no such card
   */
  void setLink(String id, boolean up) throws InvalidConfigException {
    NetDevice device = networks.get(id);
    if (device == null) {
      throw new InvalidConfigException("The machine has no network card \"" + id + "\".");
    }
    device.setLink(up);
  }

  /** Gives the guest input on hvc0; returns how much was taken. */
  int consoleInput(byte[] bytes, int offset, int length) {
    ConsoleDevice device = console;
    return device == null ? 0 : device.ports().getFirst().input(bytes, offset, length);
  }

  /** Tells hvc0 its size. */
  void resizeConsole(int columns, int rows) {
    ConsoleDevice device = console;
    if (device != null) {
      device.resize(columns, rows);
    }
  }

  /** Takes every device away. The processors have ended. */
  void takeDown() throws InterruptedException {
    slots.takeDown();
  }
}
