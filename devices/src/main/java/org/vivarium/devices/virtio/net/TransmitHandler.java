package org.vivarium.devices.virtio.net;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;
import org.vivarium.devices.virtio.queue.BufferList;
import org.vivarium.devices.virtio.queue.ChainReader;
import org.vivarium.devices.virtio.queue.DescriptorChain;
import org.vivarium.devices.virtio.queue.GuestBuffers;
import org.vivarium.devices.virtio.transport.ActivationContext;
import org.vivarium.devices.virtio.transport.DeviceQueue;
import org.vivarium.devices.virtio.transport.QueuePump;
import org.vivarium.devices.virtio.transport.RateLimitedLog;

/**
 * Sends the guest's frames. On the I/O loop; allocates nothing.
 *
 * <p>A frame is copied once, checked and sent from the copy, so that a guest that changes it
 * meanwhile changes nothing. What is wrong is dropped, as on a wire.
 */
final class TransmitHandler implements QueuePump.Handler {
  /** Offset of the source address in an Ethernet header; it is followed by two more bytes. */
  private static final int SOURCE = 6;

  private final NetConfig config;
  private final NetBackend backend;
  private final long negotiated;
  private final NetLink link;
  private final RateLimitedLog log;
  private final GuestBuffers guest;
  private final BufferList ranges = new BufferList();
  private final NetHeader header = new NetHeader();
  private final ByteBuffer frame =
      ByteBuffer.allocateDirect(NetHeader.MAX_FRAME).order(ByteOrder.BIG_ENDIAN);
  private final DescriptorChain chain;
  private final QueuePump pump;
  private final NetTraffic traffic;

  TransmitHandler(
      NetConfig config,
      NetBackend backend,
      NetTraffic traffic,
      RateLimitedLog log,
      DeviceQueue queue,
      ActivationContext context) {
    this.traffic = traffic;
    this.link = traffic.link();
    this.config = config;
    this.backend = backend;
    this.negotiated = context.features();
    this.log = log;
    this.guest = new GuestBuffers(context.memory());
    this.chain = queue.ring().newChain();
    this.pump = new QueuePump(queue, this, context.failure());
  }

  QueuePump pump() {
    return pump;
  }

  @Override
  public @Nullable DescriptorChain nextChain() {
    return traffic.sending().blocked() ? null : chain;
  }

  @Override
  public long handle(DescriptorChain request) {
    ChainReader reader = request.reader();
    NetFault fault = header.parse(reader, negotiated);
    if (fault == null) {
      copy(reader);
      fault = checkSource();
    }
    if (fault != null) {
      log.report(fault.message());
      traffic.counters().error();
      return 0;
    }
    traffic.address().learn(frame);
    int bytes = frame.remaining();
    if (!link.isUp()) {
      traffic.counters().error();
    } else if (backend.send(header, frame)) {
      traffic.counters().out(bytes);
      traffic.sending().spend(bytes);
    } else {
      return QueuePump.LATER;
    }
    return 0;
  }

  @Override
  public void turnEnded() {
    backend.flush();
  }

  private void copy(ChainReader reader) {
    ranges.clear();
    reader.take(reader.remaining(), ranges);
    frame.clear();
    int count = guest.fill(ranges);
    for (int i = 0; i < count; i++) {
      frame.put(guest.buffers()[i]);
    }
    frame.flip();
  }

  private @Nullable NetFault checkSource() {
    long source = frame.getLong(SOURCE) >>> 16;
    return config.anyMac() || source == config.mac() ? null : NetFault.SPOOFED_SOURCE;
  }
}
