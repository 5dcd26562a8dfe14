package org.vivarium.devices.virtio.console;

import org.vivarium.devices.virtio.queue.ChainReader;
import org.vivarium.devices.virtio.queue.DescriptorChain;
import org.vivarium.devices.virtio.transport.ActivationContext;
import org.vivarium.devices.virtio.transport.DeviceQueue;
import org.vivarium.devices.virtio.transport.QueuePump;

/**
 * Carries what the guest writes to a port's output. On the I/O loop; allocates nothing.
 *
 * <p>A chain that the output takes only in part stays available, with a note of how far it came;
 * the guest waits, as at a terminal that is slow.
 */
final class TransmitHandler implements QueuePump.Handler {
  private static final int CHUNK = 4096;

  private final byte[] chunk = new byte[CHUNK];
  private final ConsolePort port;
  private final DescriptorChain chain;
  private final QueuePump pump;

  /** Bytes of the chain at the head of the queue that the output has. */
  private long taken;

  TransmitHandler(ConsolePort port, DeviceQueue queue, ActivationContext.Failure failure) {
    this.port = port;
    this.chain = queue.ring().newChain();
    this.pump = new QueuePump(queue, this, failure);
  }

  QueuePump pump() {
    return pump;
  }

  @Override
  public DescriptorChain nextChain() {
    return chain;
  }

  @Override
  public long handle(DescriptorChain request) {
    ChainReader reader = request.reader();
    reader.skip(Math.min(taken, reader.remaining()));
    while (reader.remaining() > 0) {
      int step = (int) Math.min(CHUNK, reader.remaining());
      reader.read(chunk, 0, step);
      int accepted = port.output().offer(chunk, 0, step);
      taken += accepted;
      if (accepted < step) {
        return QueuePump.LATER;
      }
    }
    taken = 0;
    return 0;
  }
}
