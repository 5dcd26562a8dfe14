package org.vivarium.vmm.machine;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vivarium.devices.virtio.net.NetBackend;
import org.vivarium.devices.virtio.rng.RandomSource;
import org.vivarium.devices.virtio.rng.UrandomSource;
import org.vivarium.devices.virtio.transport.EpollLoop;
import org.vivarium.devices.virtio.transport.IoLoop;
import org.vivarium.images.disk.DiskImage;
import org.vivarium.kvm.KvmException;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.arch.X86Layout;
import org.vivarium.vmm.config.DiskConfig;
import org.vivarium.vmm.config.MachineConfig;
import org.vivarium.vmm.config.NetConfig;
import org.vivarium.vmm.disk.DiskOpener;

/**
 * The host's ends of a machine's virtio devices: the I/O thread, disk images, network back ends,
 * the source of entropy.
 *
 * <p>They outlive a restart of the guest: a disk stays locked, a network connected, and a disk that
 * was attached at run time is there after it too. Owned by the control thread; closed after the
 * last hardware was taken down.
 */
final class HostDevices implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(HostDevices.class);

  /** A disk and the place that it has among the disks' slots, from 0. */
  record Disk(int place, DiskConfig config, DiskImage image) {
    int slot() {
      return X86Layout.DISK_SLOT + place;
    }
  }

  /** A network card's other end. */
  record Network(int place, NetConfig config, NetBackend backend) {
    int slot() {
      return X86Layout.NETWORK_SLOT + place;
    }
  }

  private final EpollLoop loop;
  private final Consumer<String> defect;
  private final DiskOpener opener = DiskOpener.standard();
  private final TreeMap<Integer, Disk> disks = new TreeMap<>();
  private final List<Network> networks = new ArrayList<>();
  private @Nullable RandomSource entropy;
  private volatile boolean crashed;

  private HostDevices(String name, Consumer<String> defect) throws KvmException {
    this.defect = defect;
    this.loop = EpollLoop.start("vm-" + name + "-io", this::crashed);
  }

  /**
   * Opens what a machine's devices need.
   *
   * @param defect told, with a sentence, when a thread of a device has died; any thread
   * @throws VmmException if a file or a network cannot be had; nothing stays open then
   */
  static HostDevices open(MachineConfig config, Consumer<String> defect) throws VmmException {
    try {
      HostDevices host = new HostDevices(config.name(), defect);
      try {
        host.openAll(config);
        return host;
      } catch (VmmException | IOException e) {
        host.close();
        throw e;
      }
    } catch (IOException e) {
      throw new VmmException("A device cannot be made: " + e.getMessage(), e);
    }
  }

  private void openAll(MachineConfig config) throws VmmException, IOException {
    for (DiskConfig disk : config.devices().disks()) {
      addDisk(disk);
    }
    for (NetConfig card : config.devices().networks()) {
      networks.add(new Network(networks.size(), card, backend(card)));
    }
    if (config.devices().rng()) {
      entropy = new UrandomSource();
    }
  }

  private static NetBackend backend(NetConfig card) throws VmmException {
    if (card.backend() instanceof org.vivarium.vmm.config.NetBackend.None) {
      return new UnpluggedBackend();
    }
    throw new InvalidConfigException(
        "Network card %s: the engine kvm has only cards without a cable (none) so far."
            .formatted(card.id()));
  }

  /** The thread that serves the devices' queues. */
  IoLoop loop() {
    return loop;
  }

  /** Told when a thread of a device has died of a defect. */
  void crashed(Thread thread, Throwable why) {
    crashed = true;
    LOG.error("Thread {} of a device has died", thread.getName(), why);
    defect.accept("A device met a defect: " + why + ".");
  }

  /** Whether a thread of a device has died. */
  boolean isCrashed() {
    return crashed;
  }

  /** Where entropy comes from, if there is to be a device for it. */
  Optional<RandomSource> entropy() {
    return Optional.ofNullable(entropy);
  }

  /** The disks, ascending by place. */
  List<Disk> disks() {
    return List.copyOf(disks.values());
  }

  /** The network cards, ascending by place. */
  List<Network> networks() {
    return List.copyOf(networks);
  }

  /**
   * Opens a disk and gives it the first free place.
   *
   * @throws VmmException if it cannot be opened, its id is taken, or there is no place
   */
  Disk addDisk(DiskConfig config) throws VmmException {
    config.check();
    if (disks.values().stream().anyMatch(disk -> disk.config().id().equals(config.id()))
        || networks.stream().anyMatch(card -> card.config().id().equals(config.id()))) {
      throw new InvalidConfigException(
          "Disk %s: the machine has a device of that id already.".formatted(config.id()));
    }
    int place = 0;
    while (disks.containsKey(place)) {
      place++;
    }
    if (place >= X86Layout.DISK_SLOTS) {
      throw new InvalidConfigException(
          "Disk %s: the machine has %d disks already, the most that it can have."
              .formatted(config.id(), X86Layout.DISK_SLOTS));
    }
    Disk disk = new Disk(place, config, opener.open(config));
    disks.put(place, disk);
    return disk;
  }

  /** Closes a disk that no hardware uses any more. */
  void removeDisk(Disk disk) throws VmmException {
    disks.remove(disk.place());
    try {
      disk.image().close();
    } catch (IOException e) {
      throw new VmmException(
          "Disk %s could not be closed: %s".formatted(disk.config().file(), e.getMessage()), e);
    }
  }

  /**
   * The disk of that id.
   *
   * @throws InvalidConfigException if there is none
   */
  Disk disk(String id) throws InvalidConfigException {
    for (Disk disk : disks.values()) {
      if (disk.config().id().equals(id)) {
        return disk;
      }
    }
    throw new InvalidConfigException("The machine has no disk \"" + id + "\".");
  }

  /** Closes everything; what fails is told in the log, for nobody can do anything about it. */
  @Override
  public void close() {
    loop.close();
    List<AutoCloseable> rest = new ArrayList<>();
    disks.values().forEach(disk -> rest.add(disk.image()));
    if (entropy != null) {
      rest.add(entropy);
    }
    for (AutoCloseable one : rest) {
      try {
        one.close();
      } catch (Exception e) {
        LOG.error("What a device used could not be closed", e);
      }
    }
    disks.clear();
    networks.clear();
  }
}
