package org.vivarium.devices.virtio.console;

import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.vivarium.devices.virtio.queue.ChainWriter;
import org.vivarium.devices.virtio.queue.DescriptorChain;
import org.vivarium.devices.virtio.transport.ActivationContext;
import org.vivarium.devices.virtio.transport.DeviceQueue;
import org.vivarium.devices.virtio.transport.QueuePump;

/** Carries a port's input into the guest's buffers. On the I/O loop; allocates nothing. */
final class ReceiveHandler implements QueuePump.Handler {
  private static final int CHUNK = 4096;

  private final byte[] chunk = new byte[CHUNK];
  private final ConsolePort port;
  private final BooleanSupplier guestListens;
  private final DescriptorChain chain;
  private final QueuePump pump;

  /**
   * @param guestListens whether the guest has the port open: Linux throws input away before that
   */
  ReceiveHandler(
      ConsolePort port,
      DeviceQueue queue,
      BooleanSupplier guestListens,
      ActivationContext.Failure failure) {
    this.port = port;
    this.guestListens = guestListens;
    this.chain = queue.ring().newChain();
    this.pump = new QueuePump(queue, this, failure);
  }

  QueuePump pump() {
    return pump;
  }

  @Override
  public @Nullable DescriptorChain nextChain() {
    return port.waitingInput() > 0 && guestListens.getAsBoolean() ? chain : null;
  }

  @Override
  public long handle(DescriptorChain request) {
    ChainWriter writer = request.writer();
    int moved = -1;
    while (writer.remaining() > 0 && moved != 0) {
      moved = port.takeInput(chunk, (int) Math.min(CHUNK, writer.remaining()));
      writer.write(chunk, 0, moved);
    }
    return writer.position();
  }
}
