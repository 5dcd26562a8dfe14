package org.vivarium.devices.virtio.net;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.vivarium.devices.virtio.traffic.TrafficCounters;
import org.vivarium.devices.virtio.transport.IoLoop;
import org.vivarium.devices.virtio.transport.RateLimitedLog;
import org.vivarium.kvm.Epoll;
import org.vivarium.kvm.IoVector;
import org.vivarium.kvm.KvmException;
import org.vivarium.kvm.NativeBuffer;
import org.vivarium.kvm.Tap;
import org.vivarium.kvm.VhostNet;

/**
 * A TAP interface of the host, alone or in a bridge. The host's network stack takes and gives
 * frames with checksums and segmentation undone, as far as the driver agreed to that.
 *
 * <p>Frames run on the I/O loop and allocate nothing, or pass in the kernel alone where it has
 * vhost-net ({@link VhostPair}).
 */
public final class TapBackend implements NetBackend, AutoCloseable {
  /** VIRTIO_NET_HDR_GSO_ECN, which is not asked for. */
  private static final int GSO_ECN = 0x80;

  private static final int LARGEST = NetHeader.BYTES + NetHeader.MAX_FRAME;

  private final Tap tap;
  private final boolean extra;
  private final IoLoop loop;
  private final RateLimitedLog log;
  private final NativeBuffer incoming = new NativeBuffer(LARGEST);
  private final NativeBuffer outgoing = new NativeBuffer(LARGEST);
  private final IoVector range = new IoVector(1);
  private volatile @Nullable Events events;
  private volatile boolean gone;
  private boolean checksums;
  private IoLoop.@Nullable DescriptorWatch watch;
  private boolean full;

  /** Null where the kernel does not serve, or has refused to. */
  private VhostNet.@Nullable Opener vhost;

  /** Where figures are had of frames that pass unseen; null if all are seen. */
  private @Nullable HostInterface host;

  /**
   * @param tap with headers of {@link NetHeader#BYTES}; belongs to this object from now on
   * @param extra whether it is a queue beside the first, which is used from start to stop only
   * @param loop the card's
   */
  private TapBackend(Tap tap, boolean extra, IoLoop loop) {
    this.tap = tap;
    this.extra = extra;
    this.loop = loop;
    this.log = new RateLimitedLog(tap.name());
    incoming.bytes().order(ByteOrder.LITTLE_ENDIAN);
    outgoing.bytes().order(ByteOrder.LITTLE_ENDIAN);
  }

  /**
   * Opens an interface that is there.
   *
   * @param device its name, such as {@code tap0}
   * @param loop the card's
   * @throws KvmException ENODEV if there is none, EPERM if it is not this user's, EBUSY if another
   *     process has it open
   */
  public static TapBackend open(String device, IoLoop loop) throws KvmException {
    return new TapBackend(Tap.open(device, NetHeader.BYTES), false, loop);
  }

  /**
   * Opens an interface with several queues if it was made with them ({@code ip tuntap add mode tap
   * multi_queue}), else with its one.
   *
   * @param most how many queues are of use, 1 to {@link NetDevice#MOST_PAIRS}
   * @return one for each pair of the card's queues
   * @throws KvmException as {@link #open(String, IoLoop)}
   */
  public static List<TapBackend> openQueues(String device, int most, IoLoop loop)
      throws KvmException {
    List<TapBackend> queues = new ArrayList<>(List.of(open(device, loop)));
    try {
      while (queues.size() < most && queues.getFirst().tap.isMultiQueue()) {
        Tap tap = Tap.open(device, NetHeader.BYTES);
        queues.add(new TapBackend(tap, true, loop));
        tap.setQueueEnabled(false);
      }
      return List.copyOf(queues);
    } catch (KvmException e) {
      queues.forEach(TapBackend::close);
      throw e;
    }
  }

  /**
   * Has the kernel move the frames of all queues where it can. Before the card is made.
   *
   * @param queues all of an interface's
   * @param opener the kernel's
   */
  public static void useVhost(List<TapBackend> queues, VhostNet.Opener opener) {
    for (TapBackend queue : queues) {
      queue.vhost = opener;
      queue.host = new HostInterface(Path.of("/proc/net"), queue.tap.name(), queue.log);
    }
  }

  @Override
  public long offloads() {
    return NetLayout.TO_DEVICE | NetLayout.TO_DRIVER;
  }

  @Override
  public boolean carrier() {
    return !gone;
  }

  @Override
  public void start(Events newEvents, long negotiated) {
    try {
      if (extra) {
        tap.setQueueEnabled(true);
      }
      tap.setOffloads(
          new Tap.Offloads(
              (negotiated & NetLayout.VIRTIO_NET_F_GUEST_CSUM) != 0,
              (negotiated & NetLayout.VIRTIO_NET_F_GUEST_TSO4) != 0,
              (negotiated & NetLayout.VIRTIO_NET_F_GUEST_TSO6) != 0,
              false));
    } catch (KvmException e) {
      // Frames then come whole, or through the other queues, which every driver takes.
      log.report(e.getMessage());
    }
    events = newEvents;
    checksums = (negotiated & NetLayout.VIRTIO_NET_F_GUEST_CSUM) != 0;
    listen();
  }

  private void listen() {
    full = false;
    watch = loop.watch(tap, Epoll.IN, this::ready);
  }

  private void listenNoMore() {
    if (watch != null) {
      watch.cancel();
      watch = null;
    }
  }

  @Override
  public @Nullable Runnable serveByKernel(QueuePair queues) {
    VhostNet.Opener opener = vhost;
    if (opener == null) {
      return null;
    }
    VhostPair pair;
    try {
      pair = VhostPair.start(opener.open(queues.context().memory()), tap, queues, loop, log);
    } catch (KvmException e) {
      vhost = null;
      log.report(
          e.getMessage()
              + " So this process moves the frames, not the kernel; \"modprobe vhost_net\" may"
              + " help.");
      return null;
    }
    // Afterwards: whoever waits for frames here would be woken by each of them.
    listenNoMore();
    return () -> {
      pair.stop();
      listen();
    };
  }

  @Override
  public TrafficCounters.@Nullable Snapshot counters() {
    HostInterface known = host;
    if (known == null) {
      return null;
    }
    TrafficCounters.Snapshot now = known.counters();
    if (!known.isThere() && !gone) {
      loop.execute(() -> vanish("Network interface " + tap.name() + " is gone."));
    }
    return now;
  }

  @Override
  public Optional<String> guestAddress(long mac) {
    HostInterface known = host;
    return known == null ? Optional.empty() : known.neighbour(mac);
  }

  @Override
  public void stop() {
    events = null;
    listenNoMore();
    if (extra) {
      try {
        tap.setQueueEnabled(false);
      } catch (KvmException e) {
        // The host goes on to send to it, and what it sends is lost.
        log.report(e.getMessage());
      }
    }
  }

  /** Closes the interface. After the card's last reset. */
  @Override
  public void close() {
    tap.close();
  }

  private void ready() {
    Events to = events;
    if (to == null) {
      return;
    }
    if (full && watch != null) {
      full = false;
      watch.await(Epoll.IN);
      to.sendReady();
    }
    to.receiveReady();
  }

  @Override
  public boolean send(NetHeader header, ByteBuffer frame) {
    ByteBuffer out = outgoing.bytes();
    int length = NetHeader.BYTES + frame.remaining();
    out.put(0, (byte) header.flags()).put(1, (byte) header.gsoType());
    out.putShort(2, (short) header.headerLength()).putShort(4, (short) header.gsoSize());
    out.putShort(6, (short) header.checksumStart()).putShort(8, (short) header.checksumOffset());
    out.putShort(10, (short) 0);
    out.put(NetHeader.BYTES, frame, frame.position(), frame.remaining());
    range.clear();
    range.add(outgoing.address(0, length), length);
    try {
      if (tap.write(range) != Tap.WOULD_BLOCK) {
        return true;
      }
    } catch (KvmException e) {
      // As on a wire: a frame that the host refuses, or while its interface is down, is lost.
      log.report(e.getMessage());
      return true;
    }
    full = true;
    if (watch != null) {
      watch.await(Epoll.IN | Epoll.OUT);
    }
    return false;
  }

  @Override
  public int receive(NetHeader header, ByteBuffer frame) {
    while (!gone) {
      range.clear();
      range.add(incoming.address(0, LARGEST), LARGEST);
      long n;
      try {
        n = tap.read(range);
      } catch (KvmException e) {
        vanish(e.getMessage());
        return 0;
      }
      if (n == Tap.WOULD_BLOCK) {
        return 0;
      }
      int length = (int) n - NetHeader.BYTES;
      if (length >= NetHeader.MIN_FRAME) {
        parse(header);
        frame.put(0, incoming.bytes(), NetHeader.BYTES, length);
        return length;
      }
    }
    return 0;
  }

  private void parse(NetHeader header) {
    ByteBuffer in = incoming.bytes();
    header.set(
        checksums ? in.get(0) & (NetHeader.NEEDS_CSUM | NetHeader.DATA_VALID) : 0,
        in.get(1) & ~GSO_ECN & 0xFF,
        in.getShort(2) & 0xFFFF,
        in.getShort(4) & 0xFFFF,
        in.getShort(6) & 0xFFFF,
        in.getShort(8) & 0xFFFF);
  }

  /** Somebody deleted the interface: it does not come back under this descriptor. */
  private void vanish(String why) {
    log.report(why);
    gone = true;
    Events to = events;
    if (to != null) {
      to.carrierChanged();
    }
  }
}
