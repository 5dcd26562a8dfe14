package org.vivarium.devices.virtio.console;

import org.jspecify.annotations.Nullable;
import org.vivarium.devices.virtio.queue.ChainReader;

/**
 * A control message: a port, an event and its value (VIRTIO 1.2, 5.3.6.2).
 *
 * @param port number of the port, unsigned 32 bits
 * @param event VIRTIO_CONSOLE_..., 16 bits
 * @param value 16 bits
 */
record ConsoleControlMessage(long port, int event, int value) {
  static final int DEVICE_READY = 0;
  static final int PORT_ADD = 1;
  static final int PORT_READY = 3;
  static final int CONSOLE_PORT = 4;
  static final int RESIZE = 5;
  static final int PORT_OPEN = 6;
  static final int PORT_NAME = 7;

  /** Bytes of a message without what some events have after it. */
  static final int BYTES = 8;

  /** Reads what the driver sent; null if it is too short to be a message. */
  static @Nullable ConsoleControlMessage parse(ChainReader reader) {
    if (reader.remaining() < BYTES) {
      return null;
    }
    long port = reader.readU32();
    int event = reader.readU16();
    return new ConsoleControlMessage(port, event, reader.readU16());
  }
}
