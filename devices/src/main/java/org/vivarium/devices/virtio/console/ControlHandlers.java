package org.vivarium.devices.virtio.console;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.vivarium.devices.virtio.queue.DescriptorChain;
import org.vivarium.devices.virtio.transport.ActivationContext;
import org.vivarium.devices.virtio.transport.DeviceQueue;
import org.vivarium.devices.virtio.transport.QueuePump;

/** The two control queues of a console with several ports. On the I/O loop. */
final class ControlHandlers {
  /** From the guest. */
  static final class FromGuest implements QueuePump.Handler {
    private final ConsoleControl control;
    private final List<ConsolePort> ports;
    private final Runnable onAnswer;
    private final DescriptorChain chain;
    private final QueuePump pump;

    /**
     * @param onAnswer called when the guest has to be told something
     */
    FromGuest(
        ConsoleControl control,
        List<ConsolePort> ports,
        DeviceQueue queue,
        Runnable onAnswer,
        ActivationContext.Failure failure) {
      this.control = control;
      this.ports = ports;
      this.onAnswer = onAnswer;
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
      ConsoleControlMessage message = ConsoleControlMessage.parse(request.reader());
      if (message != null) {
        int opened = control.hear(message);
        if (opened >= 0) {
          ports.get(opened).wakeReceiver();
        }
        if (control.hasNext()) {
          onAnswer.run();
        }
      }
      return 0;
    }
  }

  /** To the guest. */
  static final class ToGuest implements QueuePump.Handler {
    private final ConsoleControl control;
    private final DescriptorChain chain;
    private final QueuePump pump;

    ToGuest(ConsoleControl control, DeviceQueue queue, ActivationContext.Failure failure) {
      this.control = control;
      this.chain = queue.ring().newChain();
      this.pump = new QueuePump(queue, this, failure);
    }

    QueuePump pump() {
      return pump;
    }

    @Override
    public @Nullable DescriptorChain nextChain() {
      return control.hasNext() ? chain : null;
    }

    @Override
    public long handle(DescriptorChain request) {
      byte[] message = control.next(request.writableBytes());
      if (message == null) {
        return 0;
      }
      request.writer().write(message, 0, message.length);
      return message.length;
    }
  }

  private ControlHandlers() {}
}
