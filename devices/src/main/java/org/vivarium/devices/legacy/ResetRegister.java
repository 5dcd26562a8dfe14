package org.vivarium.devices.legacy;

/**
 * The reset control register at port 0xcf9, which the FADT names as RESET_REG.
 *
 * <p>Writing RST_CPU (bit 2) asks for a reset of the machine: values 0x06 and 0x0e are what ACPI
 * and operating systems write. Source: Intel PIIX4 data sheet, "RC: reset control register".
 */
public final class ResetRegister extends ByteWideDevice {
  /** The register's port. It lies inside the ports of PCI configuration mechanism #1. */
  public static final int PORT = 0xcf9;

  /** Ports of the device. */
  public static final int PORT_COUNT = 1;

  /** What ACPI's RESET_VALUE field names. */
  public static final int RESET_VALUE = 0x06;

  private static final int SYSTEM_RESET = 0x02;
  private static final int RESET_CPU = 0x04;
  private static final int FULL_RESET = 0x08;

  private final Runnable resetRequest;
  private volatile int register;

  /**
   * @param resetRequest called on the virtual processor's thread that asks for a reset of the
   *     machine; must not block
   */
  public ResetRegister(Runnable resetRequest) {
    super(PORT_COUNT);
    this.resetRequest = resetRequest;
  }

  @Override
  int readRegister(int offset) {
    return register;
  }

  @Override
  void writeRegister(int offset, int value) {
    register = value & (SYSTEM_RESET | FULL_RESET);
    if ((value & RESET_CPU) != 0) {
      resetRequest.run();
    }
  }
}
