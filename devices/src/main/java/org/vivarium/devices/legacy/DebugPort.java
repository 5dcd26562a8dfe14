package org.vivarium.devices.legacy;

import java.util.function.IntConsumer;

/**
 * The debug port of Bochs: each byte written to port 0xe9 goes to the host, and reads answer 0xe9,
 * by which a guest finds the port.
 */
public final class DebugPort extends ByteWideDevice {
  /** The port. */
  public static final int PORT = 0xe9;

  /** Ports of the device. */
  public static final int PORT_COUNT = 1;

  private final IntConsumer output;

  /**
   * @param output gets each byte, 0 to 255, on the virtual processor's thread that wrote it,
   *     possibly several at once; must not block
   */
  public DebugPort(IntConsumer output) {
    super(PORT_COUNT);
    this.output = output;
  }

  @Override
  int readRegister(int register) {
    return PORT;
  }

  @Override
  void writeRegister(int register, int value) {
    output.accept(value);
  }
}
