package org.vivarium.devices.virtio.net;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.vivarium.devices.virtio.testing.ManualLoop;
import org.vivarium.devices.virtio.traffic.TrafficCounters;
import org.vivarium.devices.virtio.transport.RateLimitedLog;
import org.vivarium.devices.virtio.transport.VirtioFeatures;
import org.vivarium.kvm.EventFd;
import org.vivarium.kvm.KvmException;

/** A {@link FakeBackend} whose frames a {@link FakeVhost} can move. */
final class KernelBackend implements NetBackend, AutoCloseable {
  final List<FakeVhost> kernels = new ArrayList<>();

  /** Stands for the TAP interface. */
  final EventFd tap;

  long offered =
      VirtioFeatures.VERSION_1
          | VirtioFeatures.EVENT_IDX
          | VirtioFeatures.INDIRECT_DESC
          | NetLayout.VIRTIO_NET_F_MRG_RXBUF;
  int callsUntilFailure = Integer.MAX_VALUE;
  TrafficCounters.Snapshot passed = figures(1_000);

  private final FakeBackend cable;
  private final ManualLoop loop;

  KernelBackend(FakeBackend cable, ManualLoop loop) throws KvmException {
    this.cable = cable;
    this.loop = loop;
    this.tap = EventFd.create();
  }

  static TrafficCounters.Snapshot figures(long all) {
    return new TrafficCounters.Snapshot(all, all, all, all, 0, all, 0);
  }

  /** The last that was opened. */
  FakeVhost kernel() {
    return kernels.getLast();
  }

  @Override
  public @Nullable Runnable serveByKernel(QueuePair queues) {
    FakeVhost vhost = new FakeVhost(queues.context().memory(), offered, callsUntilFailure);
    kernels.add(vhost);
    try {
      return VhostPair.start(vhost, tap, queues, loop, new RateLimitedLog("test"))::stop;
    } catch (KvmException e) {
      return null;
    }
  }

  @Override
  public TrafficCounters.Snapshot counters() {
    return passed;
  }

  @Override
  public Optional<String> guestAddress(long mac) {
    return Optional.of("192.0.2.7");
  }

  @Override
  public long offloads() {
    return cable.offloads();
  }

  @Override
  public void start(Events events, long negotiated) {
    cable.start(events, negotiated);
  }

  @Override
  public void stop() {
    cable.stop();
  }

  @Override
  public boolean send(NetHeader header, ByteBuffer frame) {
    return cable.send(header, frame);
  }

  @Override
  public int receive(NetHeader header, ByteBuffer frame) {
    return cable.receive(header, frame);
  }

  @Override
  public void close() {
    tap.close();
  }
}
