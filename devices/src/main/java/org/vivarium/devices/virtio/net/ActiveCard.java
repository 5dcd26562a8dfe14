package org.vivarium.devices.virtio.net;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.vivarium.devices.virtio.transport.ActivationContext;
import org.vivarium.devices.virtio.transport.DeviceQueue;
import org.vivarium.devices.virtio.transport.IoLoop;
import org.vivarium.devices.virtio.transport.QueuePump;
import org.vivarium.devices.virtio.transport.RateLimitedLog;

/**
 * A card from its activation to its reset: the handlers of its queues (VIRTIO 1.2, 5.1.2).
 *
 * <p>On the I/O loop, but for {@link #start} and {@link #wake}.
 */
final class ActiveCard {
  /** What stays over resets. */
  record Card(
      NetConfig config,
      List<NetBackend> backends,
      NetTraffic traffic,
      RateLimitedLog log,
      IoLoop loop,
      Runnable carrierChanged) {}

  private final Card card;
  private final ActivationContext context;
  private final ReceiveFilter filter;
  private final @Nullable ActivePair[] pairs;
  private final @Nullable QueuePump control;
  private boolean stopped;

  ActiveCard(Card card, ActivationContext context) {
    this.card = card;
    this.context = context;
    this.filter = new ReceiveFilter(card.config().mac());
    boolean several = context.has(NetLayout.VIRTIO_NET_F_MQ);
    this.pairs = new @Nullable ActivePair[several ? card.backends().size() : 1];
    DeviceQueue queue =
        context.has(NetLayout.VIRTIO_NET_F_CTRL_VQ) ? context.queue(2 * pairs.length) : null;
    this.control = queue == null ? null : new QueuePump(queue, control(queue), context.failure());
  }

  private ControlHandler control(DeviceQueue queue) {
    return new ControlHandler(
        filter, context.features(), pairs.length, this::use, card.log(), queue.ring().newChain());
  }

  /**
   * Begins with the first pair, the one that every driver uses, soon. Called by the activating
   * thread.
   */
  void start() {
    card.loop()
        .execute(
            () -> {
              if (!stopped) {
                startPair(0);
              }
            });
    if (control != null) {
      control.start(card.loop());
    }
  }

  /** Serves that many pairs from now on (5.1.6.5.5). */
  private void use(int count) {
    if (stopped) {
      return;
    }
    for (int i = 1; i < pairs.length; i++) {
      ActivePair pair = pairs[i];
      if (i < count && pair == null) {
        startPair(i);
      } else if (i >= count && pair != null) {
        pair.stop();
        pairs[i] = null;
      }
    }
  }

  private void startPair(int index) {
    ActivePair pair = new ActivePair(card, context, filter, index);
    pairs[index] = pair;
    pair.start();
  }

  /** What frames may do has changed: a limit, or the link. */
  void serve() {
    for (ActivePair pair : pairs) {
      if (pair != null) {
        pair.serve();
      }
    }
  }

  /** Has all queues of a direction looked at again: 0 receive, 1 transmit. Any thread. */
  void wake(int direction) {
    for (int i = 0; i < pairs.length; i++) {
      DeviceQueue queue = context.queue(2 * i + direction);
      if (queue != null) {
        queue.kick().signal();
      }
    }
  }

  /** Tells the driver that the configuration space has changed. Any thread. */
  void configurationChanged() {
    context.interrupts().config();
  }

  /** Nothing touches queues or guest memory afterwards. */
  void stop() {
    stopped = true;
    if (control != null) {
      control.stop();
    }
    for (ActivePair pair : pairs) {
      if (pair != null) {
        pair.stop();
      }
    }
  }
}
