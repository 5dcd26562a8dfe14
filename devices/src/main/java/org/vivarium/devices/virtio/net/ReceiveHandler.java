package org.vivarium.devices.virtio.net;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.vivarium.devices.virtio.queue.BufferList;
import org.vivarium.devices.virtio.queue.ChainFault;
import org.vivarium.devices.virtio.queue.ChainWriter;
import org.vivarium.devices.virtio.queue.DescriptorChain;
import org.vivarium.devices.virtio.queue.GuestBuffers;
import org.vivarium.devices.virtio.queue.SplitVirtqueue;
import org.vivarium.devices.virtio.queue.SplitVirtqueue.Pop;
import org.vivarium.devices.virtio.transport.ActivationContext;
import org.vivarium.devices.virtio.transport.DeviceQueue;
import org.vivarium.devices.virtio.transport.IoLoop;

/**
 * Puts frames from the network into the guest's buffers, one chain each or several where the driver
 * merges them (VIRTIO 1.2, 5.1.6.4). On the I/O loop; allocates nothing once as many chains were
 * used.
 *
 * <p>Chains are gathered until the frame fits and go back untouched if it does not yet; all chains
 * of a frame appear in the used ring at once. A frame that cannot fit even into an empty ring is
 * dropped, so that it does not block those behind it.
 */
final class ReceiveHandler {
  private enum Delivery {
    DONE,
    NO_BUFFERS,
    BROKEN
  }

  /** Frames of one turn, so that other devices have theirs. */
  private static final int BUDGET = 64;

  private final NetBackend backend;
  private final NetTraffic traffic;
  private final DeviceQueue queue;
  private final SplitVirtqueue ring;
  private final ActivationContext.Failure failure;
  private final boolean mergeable;
  private final ReceiveFilter filter;
  private final GuestBuffers guest;
  private final BufferList ranges = new BufferList();
  private final NetHeader header = new NetHeader();
  private final ByteBuffer frame = ByteBuffer.allocateDirect(NetHeader.MAX_FRAME);
  private DescriptorChain[] chains;
  private int gathered;

  /** Chains that are available and together too small for the frame at hand. */
  private int tooFew;

  private int frameLength;
  private IoLoop.@Nullable Watch watch;
  private boolean stopped;

  ReceiveHandler(
      NetBackend backend,
      NetTraffic traffic,
      ReceiveFilter filter,
      DeviceQueue queue,
      ActivationContext context) {
    this.filter = filter;
    this.backend = backend;
    this.traffic = traffic;
    this.queue = queue;
    this.ring = queue.ring();
    this.failure = context.failure();
    this.mergeable = context.has(NetLayout.VIRTIO_NET_F_MRG_RXBUF);
    this.guest = new GuestBuffers(context.memory());
    this.chains = new DescriptorChain[] {ring.newChain()};
  }

  void start(IoLoop loop) {
    loop.execute(
        () -> {
          if (!stopped) {
            watch = loop.watch(queue.kick(), this::run);
            run();
          }
        });
  }

  void stop() {
    stopped = true;
    if (watch != null) {
      watch.cancel();
      watch = null;
    }
  }

  /** Delivers what the network has. */
  void run() {
    if (stopped) {
      return;
    }
    ring.disableNotifications();
    int budget = BUDGET;
    while (!stopped && fetch()) {
      Delivery delivery = deliver();
      if (delivery == Delivery.BROKEN
          || (delivery == Delivery.NO_BUFFERS && !ring.enableNotifications(tooFew))) {
        break;
      }
      if (delivery == Delivery.DONE) {
        frameLength = 0;
      }
      if (--budget == 0) {
        queue.kick().signal();
        break;
      }
    }
    queue.notifyUsed();
  }

  /** Has a frame at hand; false if the network has none, or too many that nobody wants. */
  private boolean fetch() {
    int unwanted = 0;
    while (frameLength == 0) {
      if (unwanted == BUDGET) {
        queue.kick().signal();
        return false;
      }
      if (traffic.receiving().blocked()) {
        return false;
      }
      header.clear();
      frame.clear();
      int length = backend.receive(header, frame);
      if (length <= 0) {
        return false;
      }
      if (!traffic.link().isUp()) {
        traffic.counters().error();
        unwanted++;
      } else if (filter.accepts(frame.getLong(0) >>> 16)) {
        frameLength = length;
        traffic.receiving().spend(length);
      } else {
        unwanted++;
      }
    }
    return true;
  }

  private Delivery deliver() {
    long needed = (long) NetHeader.BYTES + frameLength;
    long room = 0;
    gathered = 0;
    while (room < needed && (gathered == 0 || mergeable)) {
      Pop pop = ring.pop(chain(gathered));
      if (pop == Pop.FAULT) {
        ChainFault fault = ring.fault();
        return broken(fault == null ? "The queue stopped" : fault.message());
      }
      if (pop == Pop.EMPTY) {
        tooFew = gathered;
        putBack();
        return tooFew == ring.config().size() ? dropped() : Delivery.NO_BUFFERS;
      }
      room += chains[gathered].writableBytes();
      gathered++;
    }
    if (chains[0].writableBytes() < NetHeader.BYTES) {
      return broken("A receive buffer has no room for a header");
    }
    if (room < needed) {
      putBack();
      return dropped();
    }
    fill();
    traffic.counters().in(frameLength);
    return Delivery.DONE;
  }

  private Delivery dropped() {
    traffic.counters().error();
    return Delivery.DONE;
  }

  private void fill() {
    int done = 0;
    for (int i = 0; i < gathered; i++) {
      ChainWriter writer = chains[i].writer();
      if (i == 0) {
        header.write(writer, gathered);
      }
      int step = (int) Math.min(writer.remaining(), frameLength - done);
      ranges.clear();
      writer.take(step, ranges);
      int count = guest.fill(ranges);
      for (int b = 0; b < count; b++) {
        ByteBuffer target = guest.buffers()[b];
        frame.limit(done + target.remaining()).position(done);
        done += target.remaining();
        target.put(frame);
      }
      ring.stageUsed(chains[i].head(), writer.position());
    }
    ring.publishUsed();
  }

  private void putBack() {
    while (gathered > 0) {
      gathered--;
      ring.undoPop(chains[gathered]);
    }
  }

  private Delivery broken(String reason) {
    stop();
    failure.needsReset("Queue " + queue.index() + ": " + reason);
    return Delivery.BROKEN;
  }

  private DescriptorChain chain(int index) {
    if (index == chains.length) {
      chains = Arrays.copyOf(chains, index + 1);
      chains[index] = ring.newChain();
    }
    return chains[index];
  }
}
