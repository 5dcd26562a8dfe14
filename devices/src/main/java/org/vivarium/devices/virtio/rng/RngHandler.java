package org.vivarium.devices.virtio.rng;

import java.io.IOException;
import org.vivarium.devices.virtio.queue.ChainWriter;
import org.vivarium.devices.virtio.queue.DescriptorChain;
import org.vivarium.devices.virtio.transport.ActivationContext;
import org.vivarium.devices.virtio.transport.DeviceQueue;
import org.vivarium.devices.virtio.transport.IoLoop;
import org.vivarium.devices.virtio.transport.QueuePump;

/**
 * Fills the guest's buffers with random bytes, at most {@link #MAX_REQUEST} for each, however large
 * the buffer: a device may use less than it is given (VIRTIO 1.2, 5.4.6.1).
 *
 * <p>On the I/O loop; allocates nothing.
 */
final class RngHandler implements QueuePump.Handler {
  /** Most bytes for one request. */
  static final int MAX_REQUEST = 64 << 10;

  private static final int CHUNK = 4096;

  private final byte[] chunk = new byte[CHUNK];
  private final DescriptorChain chain;
  private final RandomSource source;
  private final ActivationContext.Failure failure;
  private final QueuePump pump;

  RngHandler(DeviceQueue queue, RandomSource source, ActivationContext.Failure failure) {
    this.chain = queue.ring().newChain();
    this.source = source;
    this.failure = failure;
    this.pump = new QueuePump(queue, this, failure);
  }

  void start(IoLoop loop) {
    pump.start(loop);
  }

  void stop() {
    pump.stop();
  }

  @Override
  public DescriptorChain nextChain() {
    return chain;
  }

  @Override
  public long handle(DescriptorChain request) {
    ChainWriter writer = request.writer();
    try {
      while (writer.remaining() > 0 && writer.position() < MAX_REQUEST) {
        int step =
            (int) Math.min(Math.min(CHUNK, writer.remaining()), MAX_REQUEST - writer.position());
        source.fill(chunk, step);
        writer.write(chunk, 0, step);
      }
    } catch (IOException e) {
      pump.stop();
      failure.needsReset("The host's random source failed: " + e.getMessage());
    }
    return writer.position();
  }
}
