package org.vivarium.vmm.engine.qemu;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.config.DeviceSet;
import org.vivarium.vmm.config.DiskConfig;
import org.vivarium.vmm.config.MachineConfig;
import org.vivarium.vmm.config.NetBackend;
import org.vivarium.vmm.config.NetConfig;
import org.vivarium.vmm.config.PortForward;
import org.vivarium.vmm.config.RateLimit;
import org.vivarium.vmm.disk.DiskOpener;
import org.vivarium.vmm.engine.DeviceFigures;
import org.vivarium.vmm.engine.GuestMemoryFigures;

/**
 * A running QEMU's virtio devices, changed and asked through its monitor.
 *
 * <p>One request at a time: callers hold the machine's request lock, but for {@link #deviceGone},
 * which the monitor's thread calls.
 */
final class QemuDevices {
  private static final Duration COMMAND = Duration.ofSeconds(20);

  /** How long a guest may take to let go of a disk. */
  private static final Duration UNPLUG = Duration.ofSeconds(30);

  private static final String PERIPHERAL = "/machine/peripheral/";
  private static final String BALLOON = PERIPHERAL + "balloon";
  private static final int STATISTICS_SECONDS = 1;

  private final Qmp monitor;
  private final MachineConfig config;
  private final Map<String, DiskConfig> disks = new LinkedHashMap<>();
  private final Map<String, String> ports = new HashMap<>();
  private final Map<String, List<PortForward>> forwards = new HashMap<>();
  private final Map<String, CompletableFuture<Void>> leaving = new ConcurrentHashMap<>();

  QemuDevices(Qmp monitor, MachineConfig config) {
    this.monitor = monitor;
    this.config = config;
    for (DiskConfig disk : config.devices().disks()) {
      ports.put(disk.id(), QemuDeviceWords.port(disks.size()));
      disks.put(disk.id(), disk);
    }
    for (NetConfig card : config.devices().networks()) {
      if (card.backend() instanceof NetBackend.User(List<PortForward> given)) {
        forwards.put(card.id(), given);
      }
    }
  }

  /** Does what the command line cannot say; before the guest runs. */
  void prepare() throws VmmException {
    for (DiskConfig disk : disks.values()) {
      if (!disk.limit().equals(RateLimit.NONE)) {
        throttle(disk.id(), disk.limit());
      }
    }
    for (NetConfig card : config.devices().networks()) {
      if (!card.linkUp() || card.backend() instanceof NetBackend.None) {
        setLink(card.id(), false);
      }
    }
    if (config.devices().balloon()) {
      run(
          "qom-set",
          object()
              .put("path", BALLOON)
              .put("property", "guest-stats-polling-interval")
              .put("value", STATISTICS_SECONDS));
    }
  }

  void attachDisk(DiskConfig disk) throws VmmException {
    config.devices().withDisks(with(disk)).check();
    DiskOpener.standard().check(disk);
    String port = freePort();
    run("blockdev-add", QemuDeviceWords.blockNode(disk));
    try {
      run("device_add", QemuDeviceWords.diskDevice(disk, port));
    } catch (VmmException e) {
      removeNode(disk.id());
      throw e;
    }
    disks.put(disk.id(), disk);
    ports.put(disk.id(), port);
    if (!disk.limit().equals(RateLimit.NONE)) {
      throttle(disk.id(), disk.limit());
    }
  }

  private List<DiskConfig> with(DiskConfig disk) {
    List<DiskConfig> all = new ArrayList<>(disks.values());
    all.add(disk);
    return all;
  }

  private String freePort() throws InvalidConfigException {
    int all = config.devices().disks().size() + QemuDeviceWords.SPARE_PORTS;
    for (int port = 0; port < all; port++) {
      if (!ports.containsValue(QemuDeviceWords.port(port))) {
        return QemuDeviceWords.port(port);
      }
    }
    throw new InvalidConfigException(
        "Disks: the engine qemu takes %d more than the machine started with; detach one first."
            .formatted(QemuDeviceWords.SPARE_PORTS));
  }

  /** Waits until the guest has let go of the disk. */
  void detachDisk(String id) throws VmmException {
    disk(id);
    CompletableFuture<Void> gone = new CompletableFuture<>();
    leaving.put(QemuDeviceWords.device(id), gone);
    try {
      run("device_del", object().put("id", QemuDeviceWords.device(id)));
      gone.get(UNPLUG.toSeconds(), TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      throw new VmmException(
          "Disk %s: the guest has not let go of it within %d seconds; unmount it there and try again."
              .formatted(id, UNPLUG.toSeconds()),
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new VmmException("Disk %s: waiting for the guest was interrupted.".formatted(id), e);
    } catch (ExecutionException e) {
      throw new VmmException("Disk %s: the guest refused to let go of it.".formatted(id), e);
    } finally {
      leaving.remove(QemuDeviceWords.device(id));
    }
    removeNode(id);
    disks.remove(id);
    ports.remove(id);
  }

  private void removeNode(String id) throws VmmException {
    run("blockdev-del", object().put("node-name", QemuDeviceWords.node(id)));
  }

  /** QEMU says that the guest has let go of a device, or that it has refused to. */
  void deviceGone(String device, boolean refused) {
    CompletableFuture<Void> waiting = leaving.get(device);
    if (waiting == null) {
      return;
    }
    if (refused) {
      waiting.completeExceptionally(new VmmException("The guest refused."));
    } else {
      waiting.complete(null);
    }
  }

  void resizeDisk(String id, long bytes) throws VmmException {
    disk(id);
    run("block_resize", object().put("node-name", QemuDeviceWords.node(id)).put("size", bytes));
  }

  void setLink(String id, boolean up) throws VmmException {
    card(id);
    run("set_link", object().put("name", QemuDeviceWords.device(id)).put("up", up));
  }

  /** All or none: where one cannot be had, those from before are forwarded again. */
  void setForwards(String id, List<PortForward> wanted) throws VmmException {
    new NetBackend.User(wanted).check();
    for (PortForward forward : wanted) {
      QemuDeviceWords.forward(forward);
    }
    List<PortForward> before = forwards.get(id);
    if (before == null) {
      throw new InvalidConfigException(
          "The machine has no network card \"%s\" on the user network.".formatted(id));
    }
    before.stream().filter(old -> !wanted.contains(old)).forEach(old -> removeForward(id, old));
    List<PortForward> added = new ArrayList<>();
    try {
      for (PortForward forward : wanted) {
        if (!before.contains(forward)) {
          addForward(id, forward);
          added.add(forward);
        }
      }
      forwards.put(id, List.copyOf(wanted));
    } catch (VmmException e) {
      added.forEach(forward -> removeForward(id, forward));
      for (PortForward old : before) {
        if (!wanted.contains(old)) {
          addForward(id, old);
        }
      }
      throw e;
    }
  }

  private void addForward(String id, PortForward forward) throws VmmException {
    String said =
        human("hostfwd_add " + QemuDeviceWords.netdev(id) + " " + QemuDeviceWords.forward(forward));
    if (!said.isBlank()) {
      throw new VmmException(
          "Port %d of %s cannot be forwarded: %s"
              .formatted(forward.hostPort(), forward.hostAddress(), Sentences.of(said.strip())));
    }
  }

  private void removeForward(String id, PortForward forward) {
    try {
      human(
          "hostfwd_remove " + QemuDeviceWords.netdev(id) + " " + QemuDeviceWords.hostEnd(forward));
    } catch (VmmException e) {
      throw new IllegalStateException("QEMU cannot forget a forwarded port", e);
    }
  }

  private String human(String command) throws VmmException {
    return run("human-monitor-command", object().put("command-line", command)).asText();
  }

  void setLimit(String id, RateLimit limit) throws VmmException {
    if (config.devices().networks().stream().anyMatch(card -> card.id().equals(id))) {
      throw QemuDeviceWords.noCardLimit(id);
    }
    DiskConfig disk = disk(id);
    throttle(id, RateLimit.of(limit.bytesPerSecond(), limit.operationsPerSecond()));
    disks.put(id, disk.withLimit(limit));
  }

  private void throttle(String id, RateLimit limit) throws VmmException {
    ObjectNode arguments =
        object().put("id", PERIPHERAL + QemuDeviceWords.device(id) + "/virtio-backend");
    arguments.put("bps", limit.bytesPerSecond()).put("bps_rd", 0).put("bps_wr", 0);
    arguments.put("iops", limit.operationsPerSecond()).put("iops_rd", 0).put("iops_wr", 0);
    run("block_set_io_throttle", arguments);
  }

  void setBalloonTarget(long bytes) throws VmmException {
    if (!config.devices().balloon()) {
      throw new InvalidConfigException("Balloon: the machine has none; define it with one.");
    }
    if (bytes < 0 || bytes > config.memoryBytes()) {
      throw new InvalidConfigException(
          "Balloon: %d bytes cannot be left to a guest of %d MiB."
              .formatted(bytes, config.memoryBytes() >> 20));
    }
    run("balloon", object().put("value", bytes));
  }

  Optional<GuestMemoryFigures> guestMemory() throws VmmException {
    if (!config.devices().balloon()) {
      return Optional.empty();
    }
    JsonNode told = run("qom-get", object().put("path", BALLOON).put("property", "guest-stats"));
    if (told.path("last-update").asLong() == 0) {
      return Optional.empty();
    }
    JsonNode stats = told.path("stats");
    long left = run("query-balloon", object()).path("actual").asLong(config.memoryBytes());
    return Optional.of(
        new GuestMemoryFigures(
            statistic(stats, "stat-total-memory"),
            statistic(stats, "stat-free-memory"),
            statistic(stats, "stat-available-memory"),
            statistic(stats, "stat-disk-caches"),
            Math.max(0, config.memoryBytes() - left)));
  }

  /** What the guest does not tell, QEMU gives as the largest unsigned number. */
  private static long statistic(JsonNode stats, String name) {
    return stats.path(name).canConvertToLong() ? stats.path(name).asLong(-1) : -1;
  }

  /** Disks only: QEMU counts nothing for its cards. */
  List<DeviceFigures> figures() throws VmmException {
    List<DeviceFigures> all = new ArrayList<>();
    if (disks.isEmpty()) {
      return all;
    }
    for (JsonNode block : run("query-blockstats", object())) {
      for (String id : disks.keySet()) {
        if (block.path("qdev").asText().contains("/" + QemuDeviceWords.device(id) + "/")) {
          all.add(figures(id, block.path("stats")));
        }
      }
    }
    return all;
  }

  private static DeviceFigures figures(String id, JsonNode stats) {
    return new DeviceFigures(
        id,
        DeviceFigures.Kind.DISK,
        stats.path("rd_bytes").asLong(),
        stats.path("wr_bytes").asLong(),
        stats.path("rd_operations").asLong(),
        stats.path("wr_operations").asLong(),
        stats.path("failed_rd_operations").asLong()
            + stats.path("failed_wr_operations").asLong()
            + stats.path("failed_flush_operations").asLong(),
        stats.path("rd_total_time_ns").asLong()
            + stats.path("wr_total_time_ns").asLong()
            + stats.path("flush_total_time_ns").asLong());
  }

  private DiskConfig disk(String id) throws InvalidConfigException {
    DiskConfig disk = disks.get(id);
    if (disk == null) {
      throw new InvalidConfigException("The machine has no disk \"" + id + "\".");
    }
    return disk;
  }

  private void card(String id) throws InvalidConfigException {
    DeviceSet devices = config.devices();
    if (devices.networks().stream().noneMatch(card -> card.id().equals(id))) {
      throw new InvalidConfigException("The machine has no network card \"" + id + "\".");
    }
  }

  private JsonNode run(String command, ObjectNode arguments) throws VmmException {
    return monitor.execute(command, arguments, COMMAND);
  }

  private static ObjectNode object() {
    return JsonNodeFactory.instance.objectNode();
  }
}
