package org.vivarium.devices.virtio.net;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.vivarium.devices.virtio.queue.VirtqueueConfig;
import org.vivarium.devices.virtio.transport.ActivationContext;
import org.vivarium.devices.virtio.transport.DeviceQueue;
import org.vivarium.devices.virtio.transport.IoLoop;
import org.vivarium.devices.virtio.transport.RateLimitedLog;
import org.vivarium.devices.virtio.transport.VirtioFeatures;
import org.vivarium.kvm.Errno;
import org.vivarium.kvm.EventFd;
import org.vivarium.kvm.FileDescriptor;
import org.vivarium.kvm.KvmException;
import org.vivarium.kvm.VhostNet;

/**
 * A pair of queues while the kernel serves it: frames pass between guest and TAP interface without
 * this process.
 *
 * <p>The kernel has the queues' events: the driver's notification wakes its thread, and it signals
 * the event of the queue's MSI-X vector. While the driver masks the vector, or uses none, it
 * signals an event of this object's instead, for which the device interrupts as it always does.
 *
 * <p>What the driver puts into its rings is checked by the kernel, which stands still at the first
 * fault and says so; their places were checked when the queues were activated. On the I/O loop, but
 * for interrupts' changes, which come with the device's lock held.
 */
final class VhostPair {
  /** What the kernel has to know of what was negotiated; the rest is between TAP and driver. */
  private static final long RELEVANT =
      VirtioFeatures.INDIRECT_DESC
          | VirtioFeatures.EVENT_IDX
          | VirtioFeatures.VERSION_1
          | NetLayout.VIRTIO_NET_F_MRG_RXBUF;

  /** A queue with the events that this object has for it. */
  private record Line(
      int number,
      DeviceQueue queue,
      EventFd call,
      EventFd error,
      IoLoop.Watch called,
      IoLoop.Watch failed) {}

  private final VhostNet vhost;
  private final ActivationContext context;
  private final RateLimitedLog log;
  private final List<Line> lines = new ArrayList<>();

  /** How many of the lines the kernel serves, the first ones. */
  private int served;

  private boolean stopped;

  private VhostPair(VhostNet vhost, ActivationContext context, RateLimitedLog log) {
    this.vhost = vhost;
    this.context = context;
    this.log = log;
  }

  /**
   * Has the kernel serve a pair from now on, where its rings have come to.
   *
   * @param vhost belongs to the pair from now on
   * @throws KvmException if the kernel refuses; nothing has changed then
   */
  static VhostPair start(
      VhostNet vhost,
      FileDescriptor tap,
      NetBackend.QueuePair queues,
      IoLoop loop,
      RateLimitedLog log)
      throws KvmException {
    VhostPair pair = new VhostPair(vhost, queues.context(), log);
    try {
      pair.add(VhostNet.RECEIVE, queues.receive(), loop);
      pair.add(VhostNet.TRANSMIT, queues.transmit(), loop);
      pair.begin(tap);
      return pair;
    } catch (KvmException e) {
      pair.stop();
      throw e;
    }
  }

  private void add(int number, DeviceQueue queue, IoLoop loop) throws KvmException {
    EventFd call = EventFd.create();
    EventFd error;
    try {
      error = EventFd.create();
    } catch (KvmException e) {
      call.close();
      throw e;
    }
    lines.add(
        new Line(
            number,
            queue,
            call,
            error,
            loop.watch(call, () -> context.interrupts().queue(queue.index())),
            loop.watch(error, () -> failed(queue))));
  }

  private void begin(FileDescriptor tap) throws KvmException {
    long wanted = context.features() & RELEVANT;
    if ((wanted & ~vhost.features()) != 0) {
      throw new KvmException("have the kernel serve queues of this kind", Errno.EOPNOTSUPP);
    }
    vhost.setFeatures(wanted);
    for (Line line : lines) {
      VirtqueueConfig config = line.queue.ring().config();
      vhost.setRing(
          line.number,
          new VhostNet.Ring(
              config.size(),
              line.queue.ring().next(),
              config.descriptorTable(),
              config.availableRing(),
              config.usedRing()));
      vhost.setError(line.number, line.error);
      vhost.setCall(line.number, line.call);
      vhost.setKick(line.number, line.queue.kick());
    }
    for (Line line : lines) {
      context.interrupts().direct(line.queue.index(), event -> route(line, event));
      vhost.setBackend(line.number, tap);
      served++;
      // What was made available before the kernel looked is found, too.
      line.queue.kick().signal();
    }
  }

  private void route(Line line, @Nullable EventFd event) {
    try {
      vhost.setCall(line.number, event == null ? line.call : event);
    } catch (KvmException e) {
      // With the device's lock held: the loop stops the pair.
      log.report(e.getMessage());
      line.error.signal();
    }
  }

  private void failed(DeviceQueue queue) {
    if (!stopped) {
      stop();
      context
          .failure()
          .needsReset("Queue " + queue.index() + ": the kernel refused what the driver put there");
    }
  }

  private void takeBack(Line line) {
    try {
      vhost.setBackend(line.number, null);
      line.queue.ring().resumeAt(vhost.next(line.number));
    } catch (KvmException e) {
      log.report(e.getMessage());
    }
  }

  /**
   * Takes the queues back: the kernel touches neither them nor guest memory afterwards, and the
   * rings go on where it stopped.
   */
  void stop() {
    if (stopped) {
      return;
    }
    stopped = true;
    for (Line line : lines) {
      context.interrupts().direct(line.queue.index(), null);
      if (line.number < served) {
        takeBack(line);
      }
      line.called.cancel();
      line.failed.cancel();
      if (line.call.drain() > 0) {
        context.interrupts().queue(line.queue.index());
      }
      line.call.close();
      line.error.close();
    }
    vhost.close();
  }
}
