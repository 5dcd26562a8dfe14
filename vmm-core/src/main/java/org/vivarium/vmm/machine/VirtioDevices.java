package org.vivarium.vmm.machine;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.vivarium.devices.legacy.OutputRing;
import org.vivarium.devices.virtio.balloon.BalloonDevice;
import org.vivarium.devices.virtio.blk.BlkConfig;
import org.vivarium.devices.virtio.blk.BlkDevice;
import org.vivarium.devices.virtio.blk.BlkFiles;
import org.vivarium.devices.virtio.console.ConsoleConfig;
import org.vivarium.devices.virtio.console.ConsoleDevice;
import org.vivarium.devices.virtio.net.NetDevice;
import org.vivarium.devices.virtio.rng.RandomSource;
import org.vivarium.devices.virtio.rng.RngDevice;
import org.vivarium.devices.virtio.traffic.TrafficCounters;
import org.vivarium.devices.virtio.traffic.TrafficLimit;
import org.vivarium.devices.virtio.transport.EpollLoop;
import org.vivarium.devices.virtio.vsock.VsockDevice;
import org.vivarium.kvm.KvmException;
import org.vivarium.kvm.ThreadFilter;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.arch.X86Layout;
import org.vivarium.vmm.config.NetConfig;
import org.vivarium.vmm.config.RateLimit;
import org.vivarium.vmm.config.VsockConfig;
import org.vivarium.vmm.config.WhenFull;
import org.vivarium.vmm.engine.DeviceFigures;
import org.vivarium.vmm.engine.GuestMemoryFigures;

/**
 * The virtio devices of one life of hardware, made from the host's ends, and what can be asked of
 * them while the guest runs.
 *
 * <p>Owned by the control thread; {@link #consoleInput}, {@link #resizeConsole}, {@link
 * #guestMemory} and {@link #figures} may be called from any.
 */
final class VirtioDevices {
  private static final int BLK_QUEUE_SIZE = 256;
  private static final int BLK_WORKERS = 4;

  /** More queues than that no longer help, for one I/O thread serves them all. */
  private static final int MOST_BLK_QUEUES = 4;

  /** Requests of one disk that can be in flight. */
  static final int MOST_BLK_REQUESTS = MOST_BLK_QUEUES * BLK_QUEUE_SIZE;

  private final HostDevices host;
  private final VirtioSlots slots;
  private final int blkQueues;
  private final Map<String, BlkDevice> disks = new ConcurrentHashMap<>();
  private final Map<String, NetDevice> networks = new ConcurrentHashMap<>();
  private @Nullable ConsoleDevice console;
  private @Nullable BalloonDevice balloon;

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
   * @param virtioConsole takes what the guest prints on hvc0, or writes to the console's second
   *     port; null: there is no such console
   * @param stream whether there is such a port
   * @throws KvmException if the host has no more events; {@link #takeDown} frees what was made
   */
  void plugAll(@Nullable OutputRing virtioConsole, boolean stream)
      throws KvmException, VmmException {
    RandomSource entropy = host.entropy().orElse(null);
    if (entropy != null) {
      slots.plug(X86Layout.RNG_SLOT, "rng", new RngDevice(host.loop(), entropy), () -> {});
    }
    if (host.hasBalloon()) {
      BalloonDevice device = new BalloonDevice("balloon", host.loop());
      device.setTarget(host.balloonTarget());
      slots.plug(X86Layout.BALLOON_SLOT, "balloon", device, () -> {});
      balloon = device;
    }
    if (virtioConsole != null) {
      plugConsole(virtioConsole, stream);
    }
    VsockConfig sockets = host.vsock().orElse(null);
    if (sockets != null) {
      plugVsock(sockets);
    }
    for (HostNetworks.Network network : host.networks().all()) {
      plugNetwork(network);
    }
    for (HostDevices.Disk disk : host.disks()) {
      plugDisk(disk);
    }
  }

  private void plugConsole(OutputRing output, boolean stream) throws KvmException {
    ConsoleDevice device =
        stream
            ? new ConsoleDevice(
                ConsoleConfig.stream(),
                host.loop(),
                List.of((_, _, length) -> length, output::offer))
            : new ConsoleDevice(ConsoleConfig.single(), host.loop(), List.of(output::offer));
    output.setSpaceListener(device.ports().getLast()::outputReady);
    slots.plug(X86Layout.CONSOLE_SLOT, "console", device, () -> output.setSpaceListener(() -> {}));
    console = device;
  }

  private void plugVsock(VsockConfig config) throws VmmException, KvmException {
    try {
      VsockDevice device =
          VsockDevice.open(
              "vsock",
              new org.vivarium.devices.virtio.vsock.VsockConfig(config.cid(), config.socket()),
              host.loop());
      slots.plug(X86Layout.VSOCK_SLOT, "vsock", device, device::close);
    } catch (KvmException e) {
      throw e;
    } catch (IOException e) {
      throw new VmmException("Vsock: %s".formatted(e.getMessage()), e);
    }
  }

  private void plugNetwork(HostNetworks.Network network)
      throws KvmException, InvalidConfigException {
    NetConfig config = network.config();
    NetDevice device =
        new NetDevice(
            config.id(),
            org.vivarium.devices.virtio.net.NetConfig.of(
                config.macBits(), network.backends().getFirst().mtu()),
            network.backends(),
            host.loop());
    device.setLink(config.linkUp());
    slots.plug(network.slot(), config.id(), device, device::close);
    networks.put(config.id(), device);
    limit(device, config.limit());
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
    // A loop of its own: what the page cache holds is copied there, which may take long.
    EpollLoop loop = EpollLoop.start(id + "-io", ThreadFilter.Kind.DISK, host::crashed);
    BlkDevice device = new BlkDevice(id, config, disk.image(), loop, host::crashed);
    BlkFiles files = disk.files();
    if (files != null) {
      device.accelerate(files);
    }
    if (disk.config().whenFull() == WhenFull.PAUSE) {
      device.holdWhenFull(() -> host.full(id));
    }
    slots.plug(
        disk.slot(),
        id,
        device,
        () -> {
          device.close();
          loop.close();
        });
    disks.put(id, device);
    device.setLimit(traffic(disk.config().limit()));
  }

  /** Takes a disk's device away, once its requests in flight have ended. */
  void unplugDisk(HostDevices.Disk disk) throws InterruptedException {
    disks.remove(disk.config().id());
    slots.unplug(disk.slot());
  }

  /** Holds a disk or a card to a limit; does nothing if there is none of that id. */
  void setLimit(String id, RateLimit limit) throws KvmException {
    BlkDevice disk = disks.get(id);
    NetDevice card = networks.get(id);
    if (disk != null) {
      disk.setLimit(traffic(limit));
    } else if (card != null) {
      limit(card, limit);
    }
  }

  private static void limit(NetDevice card, RateLimit limit) throws KvmException {
    card.setLimits(traffic(limit), traffic(limit));
  }

  private static TrafficLimit traffic(RateLimit limit) {
    return new TrafficLimit(limit.bytesPerSecond(), limit.operationsPerSecond());
  }

  /** What disks and cards have done in this life of the guest and in those before it. */
  List<DeviceFigures> figures() {
    List<DeviceFigures> all = new ArrayList<>();
    disks.forEach((id, disk) -> all.add(figures(id, DeviceFigures.Kind.DISK, disk.counters())));
    networks.forEach(
        (id, card) -> all.add(figures(id, DeviceFigures.Kind.NETWORK, card.counters())));
    return all;
  }

  private DeviceFigures figures(String id, DeviceFigures.Kind kind, TrafficCounters.Snapshot now) {
    DeviceFigures before = host.earlierFigures().get(id);
    DeviceFigures life =
        new DeviceFigures(
            id,
            kind,
            now.bytesIn(),
            now.bytesOut(),
            now.operationsIn(),
            now.operationsOut(),
            now.errors(),
            now.busyNanos());
    return before == null ? life : before.plus(life);
  }

  /** Tells the guest that a disk's size has changed. */
  void capacityChanged(String id) {
    BlkDevice device = disks.get(id);
    if (device != null) {
      device.capacityChanged();
    }
  }

  /** Has writes tried again that found no room on the host. */
  void retryDisks() {
    disks.values().forEach(BlkDevice::retry);
  }

  /** Plugs a card's cable in or out; does nothing if there is none of that id. */
  void setLink(String id, boolean up) {
    NetDevice device = networks.get(id);
    if (device != null) {
      device.setLink(up);
    }
  }

  /** Tells the guest how large its balloon is to be, as the host's end has it. */
  void balloonTargetChanged() {
    BalloonDevice device = balloon;
    if (device != null) {
      device.setTarget(host.balloonTarget());
    }
  }

  /** What the guest told of its memory last; it is asked for news, which the next call finds. */
  Optional<GuestMemoryFigures> guestMemory() {
    BalloonDevice device = balloon;
    if (device == null) {
      return Optional.empty();
    }
    device.requestStatistics();
    return device
        .statistics()
        .map(
            told ->
                new GuestMemoryFigures(
                    told.total(), told.free(), told.available(), told.caches(), device.actual()));
  }

  /** The guest's address on the first card, by its identifier, on which it told one. */
  Optional<String> guestAddress() {
    return networks.entrySet().stream()
        .sorted(Map.Entry.comparingByKey())
        .flatMap(card -> card.getValue().guestAddress().stream())
        .findFirst();
  }

  /** Gives the guest input on hvc0, or on the console's second port; returns how much was taken. */
  int consoleInput(byte[] bytes, int offset, int length) {
    ConsoleDevice device = console;
    return device == null ? 0 : device.ports().getLast().input(bytes, offset, length);
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
    host.keep(figures());
  }
}
