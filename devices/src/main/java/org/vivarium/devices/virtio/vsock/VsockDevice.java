package org.vivarium.devices.virtio.vsock;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;
import org.vivarium.devices.virtio.transport.ActivationContext;
import org.vivarium.devices.virtio.transport.DeviceConfigSpace;
import org.vivarium.devices.virtio.transport.DeviceQueue;
import org.vivarium.devices.virtio.transport.IoLoop;
import org.vivarium.devices.virtio.transport.QueuePump;
import org.vivarium.devices.virtio.transport.RateLimitedLog;
import org.vivarium.devices.virtio.transport.VirtioDevice;
import org.vivarium.devices.virtio.transport.VirtioDeviceType;

/**
 * virtio-vsock, streams only (VIRTIO 1.2, 5.10). A reset ends all connections; the host's socket
 * stays. The event queue stays unused: it is for a guest that has been moved.
 */
public final class VsockDevice implements VirtioDevice, AutoCloseable {
  private static final int RECEIVE = 0;
  private static final int TRANSMIT = 1;
  private static final int QUEUES = 3;
  private static final int QUEUE_SIZE = 256;

  private final VsockConfig config;
  private final IoLoop loop;
  private final RateLimitedLog log;
  private final VsockListener listener;
  private final DeviceConfigSpace configSpace;
  private @Nullable Active active;

  /** What lives from activation to reset; on the loop. */
  private final class Active {
    private final VsockConnections connections;
    private final @Nullable QueuePump receive;
    private final @Nullable QueuePump transmit;

    Active(ActivationContext context) {
      connections = new VsockConnections(config, loop, this::changed);
      DeviceQueue in = context.queue(RECEIVE);
      DeviceQueue out = context.queue(TRANSMIT);
      receive = in == null ? null : new VsockReceiveHandler(in, out, context, connections).pump();
      transmit =
          out == null
              ? null
              : new QueuePump(
                  out,
                  new VsockTransmitHandler(out, context.memory(), connections, log),
                  context.failure());
    }

    void start() {
      if (receive != null) {
        receive.start(loop);
      }
      if (transmit != null) {
        transmit.start(loop);
      }
      loop.execute(() -> listener.setTarget(connections::connect));
    }

    private void changed() {
      if (receive != null) {
        receive.run();
      }
    }

    void stop() {
      listener.setTarget(null);
      if (receive != null) {
        receive.stop();
      }
      if (transmit != null) {
        transmit.stop();
      }
      connections.close();
    }
  }

  private VsockDevice(VsockConfig config, IoLoop loop, RateLimitedLog log, VsockListener listener) {
    this.config = config;
    this.loop = loop;
    this.log = log;
    this.listener = listener;
    ByteBuffer space = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    this.configSpace = new DeviceConfigSpace(space.putLong(config.cid()).array());
  }

  /**
   * Makes the device and its listening socket.
   *
   * @param name for the log: {@code "vsock"}
   * @param loop the thread that serves the queues and the sockets
   * @throws IOException if the host cannot listen at the configured socket
   */
  public static VsockDevice open(String name, VsockConfig config, IoLoop loop) throws IOException {
    RateLimitedLog log = new RateLimitedLog(name);
    return new VsockDevice(config, loop, log, VsockListener.open(config.socket(), loop, log));
  }

  @Override
  public VirtioDeviceType type() {
    return VirtioDeviceType.SOCKET;
  }

  @Override
  public long features() {
    return 0;
  }

  @Override
  public int queueCount() {
    return QUEUES;
  }

  @Override
  public int queueMaxSize(int index) {
    return QUEUE_SIZE;
  }

  @Override
  public DeviceConfigSpace configSpace() {
    return configSpace;
  }

  @Override
  public void activate(ActivationContext context) {
    Active made = new Active(context);
    active = made;
    made.start();
  }

  @Override
  public void reset(Runnable drained) {
    Active old = active;
    active = null;
    loop.execute(
        () -> {
          if (old != null) {
            old.stop();
          }
          drained.run();
        });
  }

  /** Deletes the listening socket. After the last reset; the loop still runs. */
  @Override
  public void close() {
    loop.execute(listener::close);
  }
}
