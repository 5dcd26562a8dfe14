package org.vivarium.devices.virtio.net;

import static org.vivarium.devices.virtio.net.NetLayout.VIRTIO_NET_F_CSUM;
import static org.vivarium.devices.virtio.net.NetLayout.VIRTIO_NET_F_GUEST_CSUM;
import static org.vivarium.devices.virtio.net.NetLayout.VIRTIO_NET_F_GUEST_TSO4;
import static org.vivarium.devices.virtio.net.NetLayout.VIRTIO_NET_F_GUEST_TSO6;
import static org.vivarium.devices.virtio.net.NetLayout.VIRTIO_NET_F_HOST_TSO4;
import static org.vivarium.devices.virtio.net.NetLayout.VIRTIO_NET_F_HOST_TSO6;
import static org.vivarium.devices.virtio.net.NetLayout.VIRTIO_NET_F_MAC;
import static org.vivarium.devices.virtio.net.NetLayout.VIRTIO_NET_F_MRG_RXBUF;
import static org.vivarium.devices.virtio.net.NetLayout.VIRTIO_NET_F_MTU;
import static org.vivarium.devices.virtio.net.NetLayout.VIRTIO_NET_F_STATUS;

import org.jspecify.annotations.Nullable;
import org.vivarium.devices.virtio.traffic.TrafficCounters;
import org.vivarium.devices.virtio.traffic.TrafficLimit;
import org.vivarium.devices.virtio.traffic.TrafficLimiter;
import org.vivarium.devices.virtio.transport.ActivationContext;
import org.vivarium.devices.virtio.transport.DeviceConfigSpace;
import org.vivarium.devices.virtio.transport.DeviceQueue;
import org.vivarium.devices.virtio.transport.IoLoop;
import org.vivarium.devices.virtio.transport.RateLimitedLog;
import org.vivarium.devices.virtio.transport.VirtioDevice;
import org.vivarium.devices.virtio.transport.VirtioDeviceType;
import org.vivarium.kvm.KvmException;

/** virtio-net: one pair of queues, no control queue (VIRTIO 1.2, 5.1). */
public final class NetDevice implements VirtioDevice, AutoCloseable {
  private static final int RECEIVE = 0;
  private static final int TRANSMIT = 1;

  private final NetConfig config;
  private final NetBackend backend;
  private final IoLoop loop;
  private final RateLimitedLog log;
  private final NetLink link = new NetLink();
  private final DeviceConfigSpace configSpace;
  private final NetTraffic traffic;
  private @Nullable ReceiveHandler receiver;
  private @Nullable TransmitHandler transmitter;
  private volatile @Nullable ActivationContext active;

  /**
   * @param name for the log: {@code "net0"}
   * @param loop the thread that serves the queues, and calls the back end
   */
  public NetDevice(String name, NetConfig config, NetBackend backend, IoLoop loop) {
    this.config = config;
    this.backend = backend;
    this.loop = loop;
    this.log = new RateLimitedLog(name);
    this.configSpace = new DeviceConfigSpace(NetLayout.configuration(config, true));
    this.traffic =
        new NetTraffic(
            link,
            new TrafficLimiter(loop, () -> wake(TRANSMIT)),
            new TrafficLimiter(loop, () -> wake(RECEIVE)),
            new TrafficCounters());
  }

  private void wake(int index) {
    ActivationContext context = active;
    DeviceQueue queue = context == null ? null : context.queue(index);
    if (queue != null) {
      queue.kick().signal();
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
  }

  /** What has passed since the card was made; errors are dropped frames. Any thread. */
  public TrafficCounters.Snapshot counters() {
    return traffic.counters().snapshot();
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
    link.carrier(backend.carrier());
    tellLink(before);
  }

  private void tellLink(boolean before) {
    boolean up = link.isUp();
    if (up == before) {
      return;
    }
    configSpace.update(NetLayout.configuration(config, up));
    ActivationContext context = active;
    if (context != null) {
      context.interrupts().config();
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
        | (backend.offloads() & (NetLayout.TO_DEVICE | NetLayout.TO_DRIVER));
  }

  /** Segmentation needs checksums, in either direction (VIRTIO 1.2, 5.1.3.1). */
  @Override
  public boolean acceptsFeatures(long negotiated) {
    boolean sendSegments = (negotiated & (VIRTIO_NET_F_HOST_TSO4 | VIRTIO_NET_F_HOST_TSO6)) != 0;
    boolean takeSegments = (negotiated & (VIRTIO_NET_F_GUEST_TSO4 | VIRTIO_NET_F_GUEST_TSO6)) != 0;
    return (!sendSegments || (negotiated & VIRTIO_NET_F_CSUM) != 0)
        && (!takeSegments || (negotiated & VIRTIO_NET_F_GUEST_CSUM) != 0);
  }

  @Override
  public int queueCount() {
    return 2;
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
    DeviceQueue receive = context.queue(RECEIVE);
    DeviceQueue transmit = context.queue(TRANSMIT);
    active = context;
    backend.start(
        new QueueEvents(receive, transmit, this::carrierChanged),
        context.features() & (NetLayout.TO_DEVICE | NetLayout.TO_DRIVER));
    carrierChanged();
    if (receive != null) {
      receiver = new ReceiveHandler(backend, traffic, receive, context);
      receiver.start(loop);
    }
    if (transmit != null) {
      transmitter = new TransmitHandler(config, backend, traffic, log, transmit, context);
      transmitter.pump().start(loop);
    }
  }

  @Override
  public void reset(Runnable drained) {
    ReceiveHandler oldReceiver = receiver;
    TransmitHandler oldTransmitter = transmitter;
    receiver = null;
    transmitter = null;
    active = null;
    loop.execute(
        () -> {
          backend.stop();
          if (oldReceiver != null) {
            oldReceiver.stop();
          }
          if (oldTransmitter != null) {
            oldTransmitter.pump().stop();
          }
          drained.run();
        });
  }

  /** Wakes the handlers by the same events as the driver does. */
  private record QueueEvents(
      @Nullable DeviceQueue receive, @Nullable DeviceQueue transmit, Runnable linkChange)
      implements NetBackend.Events {
    @Override
    public void carrierChanged() {
      linkChange.run();
    }

    @Override
    public void sendReady() {
      if (transmit != null) {
        transmit.kick().signal();
      }
    }

    @Override
    public void receiveReady() {
      if (receive != null) {
        receive.kick().signal();
      }
    }
  }
}
