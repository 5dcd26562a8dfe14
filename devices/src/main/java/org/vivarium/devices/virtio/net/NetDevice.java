package org.vivarium.devices.virtio.net;

import static org.vivarium.devices.virtio.net.NetLayout.VIRTIO_NET_F_CSUM;
import static org.vivarium.devices.virtio.net.NetLayout.VIRTIO_NET_F_CTRL_RX;
import static org.vivarium.devices.virtio.net.NetLayout.VIRTIO_NET_F_CTRL_VQ;
import static org.vivarium.devices.virtio.net.NetLayout.VIRTIO_NET_F_GUEST_CSUM;
import static org.vivarium.devices.virtio.net.NetLayout.VIRTIO_NET_F_GUEST_TSO4;
import static org.vivarium.devices.virtio.net.NetLayout.VIRTIO_NET_F_GUEST_TSO6;
import static org.vivarium.devices.virtio.net.NetLayout.VIRTIO_NET_F_HOST_TSO4;
import static org.vivarium.devices.virtio.net.NetLayout.VIRTIO_NET_F_HOST_TSO6;
import static org.vivarium.devices.virtio.net.NetLayout.VIRTIO_NET_F_MAC;
import static org.vivarium.devices.virtio.net.NetLayout.VIRTIO_NET_F_MQ;
import static org.vivarium.devices.virtio.net.NetLayout.VIRTIO_NET_F_MRG_RXBUF;
import static org.vivarium.devices.virtio.net.NetLayout.VIRTIO_NET_F_MTU;
import static org.vivarium.devices.virtio.net.NetLayout.VIRTIO_NET_F_STATUS;

import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.vivarium.devices.virtio.traffic.TrafficCounters;
import org.vivarium.devices.virtio.traffic.TrafficLimit;
import org.vivarium.devices.virtio.traffic.TrafficLimiter;
import org.vivarium.devices.virtio.transport.ActivationContext;
import org.vivarium.devices.virtio.transport.DeviceConfigSpace;
import org.vivarium.devices.virtio.transport.IoLoop;
import org.vivarium.devices.virtio.transport.RateLimitedLog;
import org.vivarium.devices.virtio.transport.VirtioDevice;
import org.vivarium.devices.virtio.transport.VirtioDeviceType;
import org.vivarium.kvm.KvmException;

/**
 * virtio-net: as many pairs of queues as there are back ends, and a control queue (VIRTIO 1.2,
 * 5.1).
 */
public final class NetDevice implements VirtioDevice, AutoCloseable {
  /** Most pairs of queues of a card. */
  public static final int MOST_PAIRS = 8;

  private static final int RECEIVE = 0;
  private static final int TRANSMIT = 1;

  private final NetConfig config;
  private final List<NetBackend> backends;
  private final IoLoop loop;
  private final ActiveCard.Card card;
  private final NetLink link = new NetLink();
  private final DeviceConfigSpace configSpace;
  private final NetTraffic traffic;

  /** What had passed before the card was made, where the back end counts. */
  private final TrafficCounters.@Nullable Snapshot earlier;

  private volatile @Nullable ActiveCard active;

  /** As {@link #NetDevice(String, NetConfig, List, IoLoop)}, with one pair of queues. */
  public NetDevice(String name, NetConfig config, NetBackend backend, IoLoop loop) {
    this(name, config, List.of(backend), loop);
  }

  /**
   * @param name for the log: {@code "net0"}
   * @param backends one for each pair of queues, 1 to {@link #MOST_PAIRS}; the first one's offloads
   *     and carrier are the card's
   * @param loop the thread that serves the queues, and calls the back ends
   */
  public NetDevice(String name, NetConfig config, List<NetBackend> backends, IoLoop loop) {
    if (backends.isEmpty() || backends.size() > MOST_PAIRS) {
      throw new IllegalArgumentException(
          "Network card %s: %d back ends are not from 1 to %d"
              .formatted(name, backends.size(), MOST_PAIRS));
    }
    this.config = config;
    this.backends = List.copyOf(backends);
    this.loop = loop;
    this.configSpace = new DeviceConfigSpace(configuration(true));
    this.earlier = this.backends.getFirst().counters();
    this.traffic =
        new NetTraffic(
            link,
            new TrafficLimiter(loop, () -> wake(TRANSMIT)),
            new TrafficLimiter(loop, () -> wake(RECEIVE)),
            new TrafficCounters(),
            new GuestAddress());
    this.card =
        new ActiveCard.Card(
            config, this.backends, traffic, new RateLimitedLog(name), loop, this::carrierChanged);
  }

  private byte[] configuration(boolean linkUp) {
    return NetLayout.configuration(config, backends.size(), linkUp);
  }

  /** What frames may do has changed: has the active card see to it, after what is under way. */
  private void serve() {
    loop.execute(
        () -> {
          ActiveCard now = active;
          if (now != null) {
            now.serve();
          }
        });
  }

  private void wake(int direction) {
    ActiveCard now = active;
    if (now != null) {
      now.wake(direction);
    }
  }

  /**
   * Limits what passes, for each direction by itself. Any thread, at any time.
   *
   * @param sending on what the guest sends
   * @param receiving on what the guest receives; a frame that waits stays with the back end
   * @throws KvmException if the host has no timer left
   */
  public void setLimits(TrafficLimit sending, TrafficLimit receiving) throws KvmException {
    traffic.sending().setLimit(sending);
    traffic.receiving().setLimit(receiving);
    serve();
  }

  /** What has passed since the card was made; errors are dropped frames. Any thread. */
  public TrafficCounters.Snapshot counters() {
    TrafficCounters.Snapshot unseen = backends.getFirst().counters();
    return unseen == null || earlier == null
        ? traffic.counters().snapshot()
        : unseen.since(earlier);
  }

  /** The guest's IPv4 address, as it says; empty as long as it has not. Any thread. */
  public Optional<String> guestAddress() {
    return traffic.address().text().or(() -> backends.getFirst().guestAddress(config.mac()));
  }

  /** Gives back what limits need. After the last reset; the loop still runs. */
  @Override
  public void close() {
    traffic.sending().close();
    traffic.receiving().close();
  }

  /** Plugs the cable in or out: without it frames of both directions are lost. Any thread. */
  public synchronized void setLink(boolean pluggedIn) {
    boolean before = link.isUp();
    link.plug(pluggedIn);
    tellLink(before);
  }

  private synchronized void carrierChanged() {
    boolean before = link.isUp();
    link.carrier(backends.getFirst().carrier());
    tellLink(before);
  }

  private void tellLink(boolean before) {
    boolean up = link.isUp();
    if (up == before) {
      return;
    }
    configSpace.update(configuration(up));
    serve();
    ActiveCard now = active;
    if (now != null) {
      now.configurationChanged();
    }
  }

  @Override
  public VirtioDeviceType type() {
    return VirtioDeviceType.NETWORK;
  }

  @Override
  public long features() {
    return VIRTIO_NET_F_MAC
        | VIRTIO_NET_F_MTU
        | VIRTIO_NET_F_STATUS
        | VIRTIO_NET_F_MRG_RXBUF
        | VIRTIO_NET_F_CTRL_VQ
        | VIRTIO_NET_F_CTRL_RX
        | (backends.size() > 1 ? VIRTIO_NET_F_MQ : 0)
        | (backends.getFirst().offloads() & (NetLayout.TO_DEVICE | NetLayout.TO_DRIVER));
  }

  /** Segmentation needs checksums, and commands their queue (VIRTIO 1.2, 5.1.3.1). */
  @Override
  public boolean acceptsFeatures(long negotiated) {
    boolean sendSegments = (negotiated & (VIRTIO_NET_F_HOST_TSO4 | VIRTIO_NET_F_HOST_TSO6)) != 0;
    boolean takeSegments = (negotiated & (VIRTIO_NET_F_GUEST_TSO4 | VIRTIO_NET_F_GUEST_TSO6)) != 0;
    boolean commands = (negotiated & (VIRTIO_NET_F_CTRL_RX | VIRTIO_NET_F_MQ)) != 0;
    return (!commands || (negotiated & VIRTIO_NET_F_CTRL_VQ) != 0)
        && (!sendSegments || (negotiated & VIRTIO_NET_F_CSUM) != 0)
        && (!takeSegments || (negotiated & VIRTIO_NET_F_GUEST_CSUM) != 0);
  }

  @Override
  public int queueCount() {
    return 2 * backends.size() + 1;
  }

  @Override
  public int queueMaxSize(int index) {
    return config.queueSize();
  }

  @Override
  public DeviceConfigSpace configSpace() {
    return configSpace;
  }

  @Override
  public void activate(ActivationContext context) {
    ActiveCard started = new ActiveCard(card, context);
    active = started;
    started.start();
  }

  @Override
  public void reset(Runnable drained) {
    ActiveCard old = active;
    active = null;
    loop.execute(
        () -> {
          if (old != null) {
            old.stop();
          }
          drained.run();
        });
  }
}
