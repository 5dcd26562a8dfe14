package org.vivarium.devices.legacy;

import org.vivarium.devices.bus.BusDevice;

/**
 * A device with eight-bit registers: a wider access is as many byte accesses at ascending
 * addresses, as the ISA bus makes it. What reaches past the last register reads all ones and is not
 * written.
 */
abstract class ByteWideDevice implements BusDevice {
  private final int registers;

  ByteWideDevice(int registers) {
    this.registers = registers;
  }

  /** Reads register {@code register}, 0 to the number of registers less 1; 0 to 255. */
  abstract int readRegister(int register);

  /** Writes register {@code register}; {@code value} is 0 to 255. */
  abstract void writeRegister(int register, int value);

  @Override
  public final long read(long offset, int size) {
    long value = -1;
    for (int i = 0; i < size && inside(offset + i); i++) {
      value &= ~(0xffL << (8 * i));
      value |= (readRegister((int) offset + i) & 0xffL) << (8 * i);
    }
    return value;
  }

  @Override
  public final void write(long offset, int size, long value) {
    for (int i = 0; i < size && inside(offset + i); i++) {
      writeRegister((int) offset + i, (int) (value >>> (8 * i)) & 0xff);
    }
  }

  private boolean inside(long register) {
    return register >= 0 && register < registers;
  }
}
