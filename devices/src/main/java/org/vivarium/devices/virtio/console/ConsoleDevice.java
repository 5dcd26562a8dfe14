package org.vivarium.devices.virtio.console;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.vivarium.devices.virtio.transport.ActivationContext;
import org.vivarium.devices.virtio.transport.DeviceConfigSpace;
import org.vivarium.devices.virtio.transport.DeviceQueue;
import org.vivarium.devices.virtio.transport.IoLoop;
import org.vivarium.devices.virtio.transport.QueuePump;
import org.vivarium.devices.virtio.transport.VirtioDevice;
import org.vivarium.devices.virtio.transport.VirtioDeviceType;
import org.vivarium.kvm.EventFd;

/**
 * virtio-console (VIRTIO 1.2, 5.3). With one port it has two queues and tells its size in the
 * configuration space; with more it has the MULTIPORT feature and a control dialogue.
 */
public final class ConsoleDevice implements VirtioDevice {
  static final long VIRTIO_CONSOLE_F_SIZE = 1;
  static final long VIRTIO_CONSOLE_F_MULTIPORT = 1 << 1;

  private static final int QUEUE_SIZE = 128;
  private static final int CONTROL_FROM_DEVICE = 2;
  private static final int CONTROL_FROM_DRIVER = 3;
  private static final int CONFIG_BYTES = 12;

  private final IoLoop loop;
  private final List<ConsolePort> ports;
  private final ConsoleControl control;
  private final DeviceConfigSpace configSpace;
  private List<QueuePump> pumps = List.of();
  private volatile @Nullable ActivationContext active;

  /**
   * @param loop the thread that serves the queues
   * @param outputs where each port's output goes, in the order of the ports
   */
  public ConsoleDevice(ConsoleConfig config, IoLoop loop, List<PortOutput> outputs) {
    if (outputs.size() != config.ports().size()) {
      throw new IllegalArgumentException("Each console port has one output");
    }
    this.loop = loop;
    List<ConsolePort> all = new ArrayList<>();
    for (int i = 0; i < outputs.size(); i++) {
      all.add(new ConsolePort(config.ports().get(i), outputs.get(i)));
    }
    this.ports = List.copyOf(all);
    this.control = new ConsoleControl(config);
    this.configSpace = new DeviceConfigSpace(configuration(config.columns(), config.rows()));
  }

  /** The host's ends of the ports. */
  public List<ConsolePort> ports() {
    return ports;
  }

  /**
   * Tells the guest that the window has another size. Any thread.
   *
   * @param columns 1 to 65535
   * @param rows 1 to 65535
   */
  public synchronized void resize(int columns, int rows) {
    ConsoleConfig.checkSize(columns, rows);
    configSpace.update(configuration(columns, rows));
    control.resize(columns, rows);
    ActivationContext context = active;
    if (context != null) {
      context.interrupts().config();
      kick(context.queue(CONTROL_FROM_DEVICE), context.has(VIRTIO_CONSOLE_F_MULTIPORT));
    }
  }

  @Override
  public VirtioDeviceType type() {
    return VirtioDeviceType.CONSOLE;
  }

  @Override
  public long features() {
    return VIRTIO_CONSOLE_F_SIZE | (ports.size() > 1 ? VIRTIO_CONSOLE_F_MULTIPORT : 0);
  }

  @Override
  public int queueCount() {
    return ports.size() == 1 ? 2 : 2 * (ports.size() + 1);
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
    boolean multiport = context.has(VIRTIO_CONSOLE_F_MULTIPORT);
    List<QueuePump> started = new ArrayList<>();
    control.reset();
    // Without MULTIPORT there is only the first port (VIRTIO 1.2, 5.3.2).
    for (int i = 0; i < (multiport ? ports.size() : 1); i++) {
      addPort(context, i, multiport, started);
    }
    if (multiport) {
      addControl(context, started);
    }
    pumps = started;
    active = context;
    started.forEach(pump -> pump.start(loop));
  }

  @Override
  public void reset(Runnable drained) {
    List<QueuePump> old = pumps;
    pumps = List.of();
    active = null;
    ports.forEach(port -> port.connect(null, null));
    loop.execute(
        () -> {
          old.forEach(QueuePump::stop);
          drained.run();
        });
  }

  private void addPort(
      ActivationContext context, int number, boolean multiport, List<QueuePump> started) {
    // Port 0 has queues 0 and 1, the control queues are 2 and 3, port n has 2n + 2 and 2n + 3.
    int first = number == 0 ? 0 : 2 * number + 2;
    ConsolePort port = ports.get(number);
    DeviceQueue receive = context.queue(first);
    DeviceQueue transmit = context.queue(first + 1);
    port.connect(kickOf(receive), kickOf(transmit));
    if (receive != null) {
      started.add(
          new ReceiveHandler(
                  port, receive, () -> !multiport || control.isOpen(number), context.failure())
              .pump());
    }
    if (transmit != null) {
      started.add(new TransmitHandler(port, transmit, context.failure()).pump());
    }
  }

  private void addControl(ActivationContext context, List<QueuePump> started) {
    DeviceQueue fromDevice = context.queue(CONTROL_FROM_DEVICE);
    DeviceQueue fromDriver = context.queue(CONTROL_FROM_DRIVER);
    if (fromDevice != null) {
      started.add(new ControlHandlers.ToGuest(control, fromDevice, context.failure()).pump());
    }
    if (fromDriver != null) {
      Runnable answer = () -> kick(fromDevice, true);
      started.add(
          new ControlHandlers.FromGuest(control, ports, fromDriver, answer, context.failure())
              .pump());
    }
  }

  private byte[] configuration(int columns, int rows) {
    ByteBuffer out = ByteBuffer.allocate(CONFIG_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    out.putShort((short) columns).putShort((short) rows).putInt(ports.size());
    return out.array();
  }

  private static @Nullable EventFd kickOf(@Nullable DeviceQueue queue) {
    return queue == null ? null : queue.kick();
  }

  private static void kick(@Nullable DeviceQueue queue, boolean wanted) {
    if (queue != null && wanted) {
      queue.kick().signal();
    }
  }
}
