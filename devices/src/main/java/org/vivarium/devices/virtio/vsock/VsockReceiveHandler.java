package org.vivarium.devices.virtio.vsock;

import org.jspecify.annotations.Nullable;
import org.vivarium.devices.virtio.queue.DescriptorChain;
import org.vivarium.devices.virtio.transport.ActivationContext;
import org.vivarium.devices.virtio.transport.DeviceQueue;
import org.vivarium.devices.virtio.transport.QueuePump;

/** Puts packets into the guest's buffers, one each. On the I/O loop; data allocates nothing. */
final class VsockReceiveHandler implements QueuePump.Handler {
  private final VsockConnections connections;
  private final @Nullable DeviceQueue transmit;
  private final ActivationContext.Failure failure;
  private final ReceiveBuffer buffer;
  private final VsockHeader header = new VsockHeader();
  private final DescriptorChain chain;
  private final QueuePump pump;

  /**
   * @param transmit the queue whose packets wait while too many answers to it do
   */
  VsockReceiveHandler(
      DeviceQueue queue,
      @Nullable DeviceQueue transmit,
      ActivationContext context,
      VsockConnections connections) {
    this.transmit = transmit;
    this.connections = connections;
    this.failure = context.failure();
    this.chain = queue.ring().newChain();
    this.buffer = new ReceiveBuffer(context.memory(), chain);
    this.pump = new QueuePump(queue, this, failure);
  }

  QueuePump pump() {
    return pump;
  }

  @Override
  public @Nullable DescriptorChain nextChain() {
    return connections.pending() ? chain : null;
  }

  @Override
  public long handle(DescriptorChain popped) {
    if (buffer.room() < 0) {
      pump.stop();
      failure.needsReset("A receive buffer has no room for a header");
      return 0;
    }
    long bytes = connections.produce(header, buffer);
    return bytes == 0 ? QueuePump.LATER : bytes;
  }

  @Override
  public void turnEnded() {
    if (transmit != null && connections.guestWaits()) {
      transmit.kick().signal();
    }
  }
}
