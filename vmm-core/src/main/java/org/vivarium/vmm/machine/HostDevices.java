package org.vivarium.vmm.machine;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.vivarium.devices.virtio.blk.BlkFiles;
import org.vivarium.devices.virtio.rng.RandomSource;
import org.vivarium.devices.virtio.rng.UrandomSource;
import org.vivarium.devices.virtio.transport.EpollLoop;
import org.vivarium.devices.virtio.transport.IoLoop;
import org.vivarium.images.disk.DiskImage;
import org.vivarium.images.disk.DiskImageException;
import org.vivarium.kvm.KvmException;
import org.vivarium.kvm.ThreadFilter;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.LazyLogger;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.arch.X86Layout;
import org.vivarium.vmm.config.DiskConfig;
import org.vivarium.vmm.config.MachineConfig;
import org.vivarium.vmm.config.NetConfig;
import org.vivarium.vmm.config.RateLimit;
import org.vivarium.vmm.config.VsockConfig;
import org.vivarium.vmm.config.WhenFull;
import org.vivarium.vmm.disk.DiskAccess;
import org.vivarium.vmm.disk.DiskOpener;
import org.vivarium.vmm.engine.DeviceFigures;

/**
 * The host's ends of a machine's virtio devices: the I/O thread, disk images, network back ends,
 * the source of entropy.
 *
 * <p>They outlive a restart of the guest: a disk stays locked, a network connected, and a disk that
 * was attached at run time is there after it too. Owned by the control thread; closed after the
 * last hardware was taken down.
 */
final class HostDevices implements AutoCloseable {
  private static final LazyLogger LOG = LazyLogger.of(HostDevices.class);

  /** What happens to devices while they are used, in sentences. Any thread; does not block. */
  interface Reports {
    /** A thread of a device has died: the machine cannot go on. */
    void defect(String why);

    /** Something that people should know; the machine goes on. */
    void note(String sentence);

    /** What {@link #note} was told of is over. */
    void over(String noted, String sentence);

    /** The host has no room for what the guest writes: the machine is to pause. */
    void full(String sentence);
  }

  /**
   * A disk.
   *
   * @param place that it has among the disks' slots, from 0
   * @param files the image's files for io_uring; null where there is none, and workers serve alone
   */
  record Disk(int place, DiskConfig config, DiskImage image, @Nullable BlkFiles files)
      implements AutoCloseable {
    int slot() {
      return X86Layout.DISK_SLOT + place;
    }

    @Override
    public void close() throws IOException {
      if (files != null) {
        files.close();
      }
      image.close();
    }
  }

  private final EpollLoop loop;
  private final Reports reports;
  private final DiskOpener opener = DiskOpener.standard();
  private final TreeMap<Integer, Disk> disks = new TreeMap<>();
  private final Map<String, DeviceFigures> earlier = new ConcurrentHashMap<>();
  private final HostNetworks networks;
  private @Nullable RandomSource entropy;
  private @Nullable VsockConfig vsock;
  private boolean balloon;
  private long memoryBytes;
  private long balloonTarget;
  private volatile boolean crashed;

  private HostDevices(MachineConfig config, Reports reports) throws KvmException {
    this.reports = reports;
    this.loop =
        EpollLoop.start("vm-" + config.name() + "-io", ThreadFilter.Kind.DEVICES, this::crashed);
    this.networks = new HostNetworks(loop, config.cpus(), reports);
  }

  /**
   * Opens what a machine's devices need.
   *
   * @throws VmmException if a file or a network cannot be had; nothing stays open then
   */
  static HostDevices open(MachineConfig config, Reports reports)
      throws VmmException, InterruptedException {
    try {
      HostDevices host = new HostDevices(config, reports);
      try {
        host.openAll(config);
        return host;
      } catch (VmmException | IOException | InterruptedException e) {
        host.close();
        throw e;
      }
    } catch (IOException e) {
      throw new VmmException("A device cannot be made: " + e.getMessage(), e);
    }
  }

  private void openAll(MachineConfig config)
      throws VmmException, IOException, InterruptedException {
    vsock = config.devices().vsock();
    balloon = config.devices().balloon();
    memoryBytes = config.memoryBytes();
    for (DiskConfig disk : config.devices().disks()) {
      addDisk(disk);
    }
    for (NetConfig card : config.devices().networks()) {
      networks.add(card);
    }
    if (config.devices().rng()) {
      entropy = new UrandomSource();
    }
  }

  /** The thread that serves the devices' queues. */
  IoLoop loop() {
    return loop;
  }

  /** Told when a thread of a device has died of a defect. */
  void crashed(Thread thread, Throwable why) {
    crashed = true;
    LOG.error("Thread {} of a device has died", thread.getName(), why);
    reports.defect("A device met a defect: " + why + ".");
  }

  /** Told when the host has no room for what the guest writes to a disk. Does not block. */
  void full(String disk) {
    reports.full(WhenFull.paused(disk));
  }

  /** Whether a thread of a device has died. */
  boolean isCrashed() {
    return crashed;
  }

  /** Where the guest's sockets lead, if there is to be a device for it. */
  Optional<VsockConfig> vsock() {
    return Optional.ofNullable(vsock);
  }

  /** Whether there is to be a balloon. */
  boolean hasBalloon() {
    return balloon;
  }

  /** How large the balloon is to be, bytes; stays over a restart of the guest. */
  long balloonTarget() {
    return balloonTarget;
  }

  /**
   * Chooses the balloon's size so that the guest is left with so much memory.
   *
   * @throws InvalidConfigException if there is no balloon or not so much memory
   */
  void leaveToGuest(long bytes) throws InvalidConfigException {
    if (!balloon) {
      throw new InvalidConfigException("Balloon: the machine has none; define it with one.");
    }
    if (bytes < 0 || bytes > memoryBytes) {
      throw new InvalidConfigException(
          "Balloon: %d bytes cannot be left to a guest of %d MiB."
              .formatted(bytes, memoryBytes >> 20));
    }
    balloonTarget = memoryBytes - bytes;
  }

  /** Where entropy comes from, if there is to be a device for it. */
  Optional<RandomSource> entropy() {
    return Optional.ofNullable(entropy);
  }

  /** The disks, ascending by place. */
  List<Disk> disks() {
    return List.copyOf(disks.values());
  }

  /** The network cards. */
  HostNetworks networks() {
    return networks;
  }

  /**
   * Opens a disk and gives it the first free place.
   *
   * @throws VmmException if it cannot be opened, its id is taken, or there is no place
   */
  Disk addDisk(DiskConfig config) throws VmmException {
    config.check();
    if (disks.values().stream().anyMatch(disk -> disk.config().id().equals(config.id()))
        || networks.has(config.id())) {
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
    DiskImage image = opener.open(config);
    Disk disk = new Disk(place, config, image, files(config, image));
    disks.put(place, disk);
    return disk;
  }

  private static @Nullable BlkFiles files(DiskConfig config, DiskImage image) {
    if (!DiskAccess.byRing(System.getenv())) {
      return null;
    }
    try {
      return BlkFiles.open(image, VirtioDevices.MOST_BLK_REQUESTS);
    } catch (KvmException e) {
      LOG.info("Disk {} is served by worker threads: {}", config.id(), e.getMessage());
      return null;
    }
  }

  /**
   * Makes a disk larger.
   *
   * @throws VmmException if there is no such disk, it is larger already, or cannot be that large
   */
  void resizeDisk(String id, long bytes) throws VmmException {
    Disk disk = disk(id);
    long now = disk.image().size();
    if (bytes < now) {
      throw new InvalidConfigException(
          "Disk %s: it has %d bytes and cannot shrink to %d while it is used."
              .formatted(id, now, bytes));
    }
    try {
      disk.image().resize(bytes);
    } catch (DiskImageException e) {
      throw new InvalidConfigException("Disk %s: %s".formatted(id, e.getMessage()), e);
    } catch (IOException e) {
      throw new VmmException(
          "Disk %s could not be resized: %s".formatted(disk.config().file(), e.getMessage()), e);
    }
  }

  /**
   * Changes the limit of a disk or a card, which stays over a restart of the guest.
   *
   * @throws InvalidConfigException if there is none of that id
   */
  void setLimit(String id, RateLimit limit) throws InvalidConfigException {
    for (Disk disk : disks.values()) {
      if (disk.config().id().equals(id)) {
        disks.put(
            disk.place(),
            new Disk(disk.place(), disk.config().withLimit(limit), disk.image(), disk.files()));
        return;
      }
    }
    networks.setLimit(id, limit);
  }

  /** What the devices of earlier lives of the guest have done, by id. */
  Map<String, DeviceFigures> earlierFigures() {
    return earlier;
  }

  /** Keeps what devices that end now have done. */
  void keep(List<DeviceFigures> figures) {
    figures.forEach(each -> earlier.put(each.id(), each));
  }

  /** Closes a disk that no hardware uses any more. */
  void removeDisk(Disk disk) throws VmmException {
    disks.remove(disk.place());
    earlier.remove(disk.config().id());
    try {
      disk.close();
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
    networks.close();
    loop.close();
    List<AutoCloseable> rest = new ArrayList<>();
    rest.addAll(disks.values());
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
  }
}
