package org.vivarium.devices.virtio.console;

import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * What a virtio-console looks like to the guest.
 *
 * @param ports 1 to 31; with more than one the device has the MULTIPORT feature
 * @param columns width of the window at the start, 1 to 65535
 * @param rows height of the window at the start, 1 to 65535
 * @param rowsFirst whether a resize message has the rows first, as Linux 6.1 and 6.12 read it
 *     against VIRTIO 1.2, 5.3.6.2; a console of one port has no such message and no such doubt
 */
public record ConsoleConfig(List<Port> ports, int columns, int rows, boolean rowsFirst) {
  static final int MAX_PORTS = 31;
  private static final int MAX_NAME_BYTES = 64;
  private static final int MAX_INPUT = 16 << 20;

  /**
   * A port.
   *
   * @param name what the guest shows under /dev/virtio-ports, up to 64 bytes of UTF-8; may be empty
   * @param console whether the guest makes a console (hvc) of it
   * @param inputCapacity bytes of input that may wait for the guest, 1 to 16 MiB
   */
  public record Port(String name, boolean console, int inputCapacity) {
    /** Checks the ranges. */
    public Port {
      if (name.getBytes(StandardCharsets.UTF_8).length > MAX_NAME_BYTES) {
        throw new IllegalArgumentException("Console port name \"" + name + "\" is too long");
      }
      if (inputCapacity < 1 || inputCapacity > MAX_INPUT) {
        throw new IllegalArgumentException(
            "Console port inputCapacity " + inputCapacity + " is not from 1 byte to 16 MiB");
      }
    }
  }

  /** Checks the ranges. */
  public ConsoleConfig {
    ports = List.copyOf(ports);
    if (ports.isEmpty() || ports.size() > MAX_PORTS) {
      throw new IllegalArgumentException("A console has 1 to 31 ports, not " + ports.size());
    }
    checkSize(columns, rows);
  }

  /** One console of 80 by 24 that holds 64 KiB of input. */
  public static ConsoleConfig single() {
    return new ConsoleConfig(List.of(new Port("", true, 64 << 10)), 80, 24, true);
  }

  /** No console, but a second port of plain bytes with 64 KiB of input, /dev/vport0p1. */
  public static ConsoleConfig stream() {
    return new ConsoleConfig(
        List.of(new Port("", false, 1), new Port("", false, 64 << 10)), 80, 24, true);
  }

  static void checkSize(int columns, int rows) {
    if (columns < 1 || columns > 0xFFFF || rows < 1 || rows > 0xFFFF) {
      throw new IllegalArgumentException(
          "A console window cannot have %d columns and %d rows".formatted(columns, rows));
    }
  }
}
