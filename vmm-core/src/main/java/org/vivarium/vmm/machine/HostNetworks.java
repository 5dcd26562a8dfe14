package org.vivarium.vmm.machine;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.vivarium.devices.virtio.net.NetBackend;
import org.vivarium.devices.virtio.net.NetDevice;
import org.vivarium.devices.virtio.net.NoneBackend;
import org.vivarium.devices.virtio.net.PasstBackend;
import org.vivarium.devices.virtio.net.PasstBroker;
import org.vivarium.devices.virtio.net.PasstForward;
import org.vivarium.devices.virtio.net.PasstOptions;
import org.vivarium.devices.virtio.net.PasstStarter;
import org.vivarium.devices.virtio.net.SegmentBackend;
import org.vivarium.devices.virtio.net.TapBackend;
import org.vivarium.devices.virtio.transport.IoLoop;
import org.vivarium.kvm.Errno;
import org.vivarium.kvm.KvmException;
import org.vivarium.kvm.VhostNet;
import org.vivarium.vmm.Folders;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.LazyLogger;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.arch.X86Layout;
import org.vivarium.vmm.config.NetConfig;
import org.vivarium.vmm.config.PortForward;
import org.vivarium.vmm.config.RateLimit;
import org.vivarium.vmm.host.PrivateSockets;
import org.vivarium.vmm.store.SocketFolder;

/**
 * What a machine's network cards are plugged into. Owned by the control thread; closed while the
 * I/O loop still runs.
 */
final class HostNetworks implements AutoCloseable {
  private static final LazyLogger LOG = LazyLogger.of(HostNetworks.class);

  /**
   * Set to {@code off} by a person who wants this process to move the frames of TAP devices, which
   * then drops those from a false address.
   */
  private static final String VHOST_SWITCH = "VIVARIUM_VHOST";

  /** A network card's other end: a back end for each pair of the card's queues. */
  record Network(int place, NetConfig config, List<NetBackend> backends) {
    int slot() {
      return X86Layout.NETWORK_SLOT + place;
    }
  }

  private final IoLoop loop;
  private final int pairs;
  private final HostDevices.Reports reports;
  private final List<Network> networks = new ArrayList<>();
  private @Nullable PrivateSockets sockets;
  private @Nullable PasstBroker broker;

  /**
   * @param cpus processors of the machine, each of which can use a pair of queues
   * @param reports told what happens to a network while it is used
   */
  HostNetworks(IoLoop loop, int cpus, HostDevices.Reports reports) {
    this.loop = loop;
    this.pairs = Math.min(cpus, NetDevice.MOST_PAIRS);
    this.reports = reports;
  }

  /**
   * Connects a card.
   *
   * @throws VmmException if the host does not have what it is to be plugged into
   */
  void add(NetConfig card) throws VmmException, InterruptedException {
    networks.add(new Network(networks.size(), card, open(card)));
  }

  /** The cards, ascending by place. */
  List<Network> all() {
    return List.copyOf(networks);
  }

  /**
   * Changes a card's limit, which stays over a restart of the guest.
   *
   * @throws InvalidConfigException if there is no such card
   */
  void setLimit(String id, RateLimit limit) throws InvalidConfigException {
    networks.replaceAll(
        network ->
            network.config().id().equals(id)
                ? new Network(
                    network.place(), network.config().withLimit(limit), network.backends())
                : network);
    if (!has(id)) {
      throw new InvalidConfigException("The machine has no disk or network card \"" + id + "\".");
    }
  }

  /** Plugs a card's cable in or out, also for the time after a restart of the guest. */
  void setLink(String id, boolean up) throws InvalidConfigException {
    networks.replaceAll(
        network ->
            network.config().id().equals(id)
                ? new Network(network.place(), network.config().withLink(up), network.backends())
                : network);
    if (!has(id)) {
      throw new InvalidConfigException("The machine has no network card \"" + id + "\".");
    }
  }

  /** Whether there is a card of that id. */
  boolean has(String id) {
    return networks.stream().anyMatch(network -> network.config().id().equals(id));
  }

  /**
   * Replaces a card's forwarded ports; blocks while passt starts anew.
   *
   * @throws VmmException if there is no such card on the user network, or a port cannot be had; the
   *     ports from before are forwarded then
   */
  void setForwards(String id, List<PortForward> forwards)
      throws VmmException, InterruptedException {
    new org.vivarium.vmm.config.NetBackend.User(forwards).check();
    for (Network network : networks) {
      if (network.config().id().equals(id)
          && network.backends().getFirst() instanceof PasstBackend passt) {
        try {
          passt.setForwards(forPasst(forwards));
          return;
        } catch (IOException e) {
          throw refused(id, e);
        }
      }
    }
    throw new InvalidConfigException(
        "The machine has no network card \"%s\" on the user network.".formatted(id));
  }

  private List<NetBackend> open(NetConfig card) throws VmmException, InterruptedException {
    return switch (card.backend()) {
      case org.vivarium.vmm.config.NetBackend.None _ -> List.of(new NoneBackend());
      case org.vivarium.vmm.config.NetBackend.User(List<PortForward> forwards) ->
          List.of(passt(card.id(), forwards));
      case org.vivarium.vmm.config.NetBackend.Tap(String device) ->
          List.copyOf(tap(card.id(), device));
      case org.vivarium.vmm.config.NetBackend.Segment(String name) -> List.of(segment(card, name));
    };
  }

  private List<TapBackend> tap(String id, String device) throws VmmException {
    try {
      List<TapBackend> queues = TapBackend.openQueues(device, pairs, loop);
      if (!System.getenv().getOrDefault(VHOST_SWITCH, "").equals("off")) {
        TapBackend.useVhost(queues, VhostNet::open);
      }
      return queues;
    } catch (KvmException e) {
      String why =
          switch (e.errno()) {
            case Errno.ENODEV -> "does not exist; make it with: ip tuntap add %s mode tap";
            case Errno.EPERM ->
                "is not yours; make it yours with: ip tuntap add %s mode tap user YOU";
            case Errno.EBUSY ->
                "is in use by another machine or program; end that, or use another than %s";
            default -> throw refused(id, e);
          };
      throw new InvalidConfigException(
          "Network card %s: the TAP device %s %s.".formatted(id, device, why.formatted(device)), e);
    }
  }

  private SegmentBackend segment(NetConfig card, String name) throws VmmException {
    try {
      Path folder =
          SocketFolder.make(Folders.standard(), SocketFolder.SEGMENTS, System.getenv())
              .path()
              .resolve(name);
      return SegmentBackend.join(folder, card.macBits(), loop);
    } catch (IOException e) {
      throw refused(card.id(), e);
    }
  }

  private PasstBackend passt(String id, List<PortForward> forwards)
      throws VmmException, InterruptedException {
    PrivateSockets folder = sockets;
    if (folder == null) {
      folder = PrivateSockets.in("vivarium-net-", PrivateSockets.usualPlaces());
      sockets = folder;
    }
    try {
      return PasstBackend.start(
          id,
          PasstOptions.of(folder.socket(id), forPasst(forwards)),
          starter(),
          loop,
          new Told(id, reports));
    } catch (IOException e) {
      throw refused(id, e);
    }
  }

  /** A confined process has a broker that starts passt for it. */
  private PasstStarter starter() throws IOException {
    String brokers = System.getenv(PasstBroker.VARIABLE);
    if (brokers == null) {
      return PasstStarter.CHILD;
    }
    PasstBroker known = broker;
    if (known == null) {
      known = PasstBroker.connect(Path.of(brokers));
      broker = known;
    }
    return known;
  }

  private static List<PasstForward> forPasst(List<PortForward> forwards) {
    return forwards.stream()
        .map(
            forward ->
                new PasstForward(
                    switch (forward.protocol()) {
                      case TCP -> PasstForward.Protocol.TCP;
                      case UDP -> PasstForward.Protocol.UDP;
                    },
                    forward.hostAddress(),
                    forward.hostPort(),
                    forward.guestPort()))
        .toList();
  }

  private static VmmException refused(String id, IOException e) {
    return new VmmException("Network card %s: %s".formatted(id, e.getMessage()), e);
  }

  @Override
  public void close() {
    for (Network network : networks) {
      network.backends().forEach(HostNetworks::close);
    }
    networks.clear();
    PrivateSockets folder = sockets;
    if (folder != null) {
      folder.close();
    }
    PasstBroker brokers = broker;
    if (brokers != null) {
      try {
        brokers.close();
      } catch (IOException e) {
        LOG.debug("The broker of user networks was not dismissed", e);
      }
    }
  }

  private static void close(NetBackend backend) {
    switch (backend) {
      case PasstBackend passt -> passt.close();
      case TapBackend tap -> tap.close();
      case SegmentBackend segment -> segment.close();
      default -> {
        // A card without a cable holds nothing.
      }
    }
  }

  /** Turns what passt's watcher says into a note for people, without repeating itself. */
  private static final class Told implements PasstBackend.Listener {
    private final String id;
    private final HostDevices.Reports reports;
    private @Nullable String lost;

    Told(String id, HostDevices.Reports reports) {
      this.id = id;
      this.reports = reports;
    }

    @Override
    public void networkDown(String why) {
      if (lost == null) {
        lost = "Network card %s has lost its network: %s".formatted(id, why);
        reports.note(lost);
      }
    }

    @Override
    public void networkUp() {
      String before = lost;
      if (before != null) {
        lost = null;
        reports.over(before, "Network card %s has its network again.".formatted(id));
      }
    }
  }
}
