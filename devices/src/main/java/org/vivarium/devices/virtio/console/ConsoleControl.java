package org.vivarium.devices.virtio.console;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The control dialogue of a console with several ports (VIRTIO 1.2, 5.3.6.2): what the guest said
 * of each port, and what it still has to be told.
 *
 * <p>What is to be said is a set of events for each port, and a message takes its content when it
 * is sent. So a guest that asks a thousand times, or a window that is resized a thousand times,
 * costs one message and no memory. Any thread; this object is the lock.
 */
final class ConsoleControl {
  private static final int[] ORDER = {
    ConsoleControlMessage.PORT_ADD,
    ConsoleControlMessage.CONSOLE_PORT,
    ConsoleControlMessage.PORT_NAME,
    ConsoleControlMessage.RESIZE,
    ConsoleControlMessage.PORT_OPEN
  };

  private final List<ConsoleConfig.Port> ports;
  private final boolean rowsFirst;
  private final int[] pending;
  private final boolean[] ready;
  private final boolean[] open;
  private int columns;
  private int rows;

  ConsoleControl(ConsoleConfig config) {
    this.ports = config.ports();
    this.rowsFirst = config.rowsFirst();
    this.pending = new int[ports.size()];
    this.ready = new boolean[ports.size()];
    this.open = new boolean[ports.size()];
    this.columns = config.columns();
    this.rows = config.rows();
  }

  /** Forgets the dialogue, not the size. */
  synchronized void reset() {
    for (int i = 0; i < pending.length; i++) {
      pending[i] = 0;
      ready[i] = false;
      open[i] = false;
    }
  }

  /** Whether the guest has a port open. */
  synchronized boolean isOpen(int port) {
    return open[port];
  }

  /** The window has a new size. */
  synchronized void resize(int newColumns, int newRows) {
    columns = newColumns;
    rows = newRows;
    for (int i = 0; i < pending.length; i++) {
      if (ready[i] && ports.get(i).console()) {
        pending[i] |= 1 << ConsoleControlMessage.RESIZE;
      }
    }
  }

  /**
   * The guest said something; what it should not say is ignored.
   *
   * @return the port that the guest opened by it, or -1
   */
  synchronized int hear(ConsoleControlMessage message) {
    if (message.event() == ConsoleControlMessage.DEVICE_READY) {
      for (int i = 0; i < pending.length && message.value() == 1; i++) {
        pending[i] |= 1 << ConsoleControlMessage.PORT_ADD;
      }
      return -1;
    }
    if (message.port() >= pending.length) {
      return -1;
    }
    int port = (int) message.port();
    if (message.event() == ConsoleControlMessage.PORT_READY && message.value() == 1) {
      ready[port] = true;
      introduce(port);
    } else if (message.event() == ConsoleControlMessage.PORT_OPEN) {
      open[port] = message.value() != 0;
      return open[port] ? port : -1;
    }
    return -1;
  }

  /** Whether there is something to say. */
  synchronized boolean hasNext() {
    for (int events : pending) {
      if (events != 0) {
        return true;
      }
    }
    return false;
  }

  /**
   * The next message, if it fits into {@code room} bytes.
   *
   * @return null if there is none or it does not fit
   */
  synchronized byte @Nullable [] next(long room) {
    for (int port = 0; port < pending.length; port++) {
      for (int event : ORDER) {
        if ((pending[port] & (1 << event)) != 0) {
          byte[] message = message(port, event);
          if (message.length > room) {
            return null;
          }
          pending[port] &= ~(1 << event);
          return message;
        }
      }
    }
    return null;
  }

  private void introduce(int port) {
    ConsoleConfig.Port config = ports.get(port);
    int events = 1 << ConsoleControlMessage.PORT_OPEN;
    if (config.console()) {
      events |= 1 << ConsoleControlMessage.CONSOLE_PORT | 1 << ConsoleControlMessage.RESIZE;
    }
    if (!config.name().isEmpty()) {
      events |= 1 << ConsoleControlMessage.PORT_NAME;
    }
    pending[port] |= events;
  }

  private byte[] message(int port, int event) {
    byte[] extra = new byte[0];
    if (event == ConsoleControlMessage.PORT_NAME) {
      extra = ports.get(port).name().getBytes(StandardCharsets.UTF_8);
    } else if (event == ConsoleControlMessage.RESIZE) {
      ByteBuffer size = ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN);
      size.putShort((short) (rowsFirst ? rows : columns));
      size.putShort((short) (rowsFirst ? columns : rows));
      extra = size.array();
    }
    ByteBuffer out =
        ByteBuffer.allocate(ConsoleControlMessage.BYTES + extra.length)
            .order(ByteOrder.LITTLE_ENDIAN);
    out.putInt(port).putShort((short) event).putShort((short) 1).put(extra);
    return out.array();
  }
}
