package org.vivarium.devices.virtio.balloon;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.vivarium.devices.virtio.queue.DescriptorChain;
import org.vivarium.devices.virtio.transport.ActivationContext;
import org.vivarium.devices.virtio.transport.DeviceQueue;
import org.vivarium.devices.virtio.transport.QueuePump;

/**
 * Keeps the driver's one buffer of statistics and returns it to ask for new ones (VIRTIO 1.2,
 * 5.5.6.3). On the I/O loop.
 */
final class StatisticsHandler implements QueuePump.Handler {
  private final DeviceQueue queue;
  private final Consumer<BalloonStatistics> listener;
  private final DescriptorChain chain;
  private final QueuePump pump;
  private boolean held;

  StatisticsHandler(
      DeviceQueue queue, Consumer<BalloonStatistics> listener, ActivationContext.Failure failure) {
    this.queue = queue;
    this.listener = listener;
    this.chain = queue.ring().newChain();
    this.pump = new QueuePump(queue, this, failure);
  }

  QueuePump pump() {
    return pump;
  }

  /** Has the driver fill its buffer again, if it is here. */
  void request() {
    if (held) {
      held = false;
      pump.complete(chain, 0);
      queue.kick().signal();
    }
  }

  @Override
  public @Nullable DescriptorChain nextChain() {
    return held ? null : chain;
  }

  @Override
  public long handle(DescriptorChain buffer) {
    held = true;
    listener.accept(BalloonStatistics.parse(buffer.reader()));
    return QueuePump.IN_FLIGHT;
  }
}
