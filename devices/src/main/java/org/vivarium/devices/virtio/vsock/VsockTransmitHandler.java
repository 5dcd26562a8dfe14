package org.vivarium.devices.virtio.vsock;

import org.jspecify.annotations.Nullable;
import org.vivarium.devices.virtio.queue.BufferList;
import org.vivarium.devices.virtio.queue.ChainReader;
import org.vivarium.devices.virtio.queue.DescriptorChain;
import org.vivarium.devices.virtio.queue.GuestBuffers;
import org.vivarium.devices.virtio.transport.DeviceQueue;
import org.vivarium.devices.virtio.transport.QueuePump;
import org.vivarium.devices.virtio.transport.RateLimitedLog;
import org.vivarium.kvm.GuestMemory;

/** Takes the guest's packets. On the I/O loop; data allocates nothing. */
final class VsockTransmitHandler implements QueuePump.Handler {
  private final VsockConnections connections;
  private final RateLimitedLog log;
  private final GuestBuffers guest;
  private final BufferList ranges = new BufferList();
  private final VsockHeader header = new VsockHeader();
  private final DescriptorChain chain;

  VsockTransmitHandler(
      DeviceQueue queue, GuestMemory memory, VsockConnections connections, RateLimitedLog log) {
    this.connections = connections;
    this.log = log;
    this.guest = new GuestBuffers(memory);
    this.chain = queue.ring().newChain();
  }

  @Override
  public @Nullable DescriptorChain nextChain() {
    return connections.accepts() ? chain : null;
  }

  @Override
  public long handle(DescriptorChain packet) {
    ChainReader reader = packet.reader();
    if (header.parse(reader)) {
      connections.accept(header, reader, guest, ranges);
    } else {
      log.report("Dropped a packet without a whole header");
    }
    return 0;
  }
}
