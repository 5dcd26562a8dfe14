package org.vivarium.devices.virtio.net;

import org.jspecify.annotations.Nullable;
import org.vivarium.devices.virtio.transport.ActivationContext;
import org.vivarium.devices.virtio.transport.DeviceQueue;

/**
 * A pair of queues from its first use to its last: served by handlers, or by the kernel while it
 * can and nothing is to be done to frames. On the I/O loop.
 */
final class ActivePair {
  private final ActiveCard.Card card;
  private final ActivationContext context;
  private final ReceiveFilter filter;
  private final NetBackend backend;
  private final @Nullable DeviceQueue receive;
  private final @Nullable DeviceQueue transmit;
  private @Nullable ReceiveHandler receiver;
  private @Nullable TransmitHandler transmitter;

  /** Ends the kernel's service; null while handlers serve. */
  private @Nullable Runnable kernel;

  /** Whether the driver broke a rule: nothing is served any more. */
  private boolean broken;

  private boolean stopped;

  /**
   * @param index of the pair, from 0
   */
  ActivePair(ActiveCard.Card card, ActivationContext whole, ReceiveFilter filter, int index) {
    this.card = card;
    this.context =
        new ActivationContext(
            whole.memory(),
            whole.features(),
            whole.queues(),
            whole.interrupts(),
            reason -> {
              broken = true;
              whole.failure().needsReset(reason);
            });
    this.filter = filter;
    this.backend = card.backends().get(index);
    this.receive = whole.queue(2 * index);
    this.transmit = whole.queue(2 * index + 1);
  }

  /** Begins. */
  void start() {
    backend.start(
        new QueueEvents(), context.features() & (NetLayout.TO_DEVICE | NetLayout.TO_DRIVER));
    card.carrierChanged().run();
    serve();
  }

  /** Has the kernel serve, or handlers, whichever is right now. */
  void serve() {
    if (broken || stopped) {
      return;
    }
    boolean handlers = receiver != null || transmitter != null;
    if (card.traffic().allPasses()) {
      if (kernel == null) {
        stopHandlers();
        kernel = byKernel();
        handlers = false;
      }
    } else if (kernel != null) {
      kernel.run();
      kernel = null;
    }
    if (kernel == null && !handlers && !broken) {
      startHandlers();
    }
  }

  private @Nullable Runnable byKernel() {
    DeviceQueue in = receive;
    DeviceQueue out = transmit;
    return in == null || out == null
        ? null
        : backend.serveByKernel(new NetBackend.QueuePair(in, out, context));
  }

  private void startHandlers() {
    if (receive != null) {
      receiver = new ReceiveHandler(backend, card.traffic(), filter, receive, context);
      receiver.start(card.loop());
    }
    if (transmit != null) {
      transmitter =
          new TransmitHandler(
              card.config(), backend, card.traffic(), card.log(), transmit, context);
      transmitter.pump().start(card.loop());
    }
  }

  private void stopHandlers() {
    if (receiver != null) {
      receiver.stop();
      receiver = null;
    }
    if (transmitter != null) {
      transmitter.pump().stop();
      transmitter = null;
    }
  }

  /** Nothing touches the queues or guest memory afterwards. */
  void stop() {
    stopped = true;
    if (kernel != null) {
      kernel.run();
      kernel = null;
    }
    backend.stop();
    stopHandlers();
  }

  /** What the back end tells of. */
  private final class QueueEvents implements NetBackend.Events {
    @Override
    public void carrierChanged() {
      card.carrierChanged().run();
    }

    /**
     * The back end may be in the midst of a frame of the transmitter's: that has its turn later.
     */
    @Override
    public void sendReady() {
      if (transmit != null) {
        transmit.kick().signal();
      }
    }

    @Override
    public void receiveReady() {
      ReceiveHandler handler = receiver;
      if (handler != null) {
        handler.run();
      }
    }
  }
}
