package org.vivarium.devices.legacy;

/**
 * The keyboard controller of a PC without keyboard and mouse: self-tests, and the reset line.
 *
 * <p>Every controller command answers at once and the input buffer is never full, so no driver
 * spins or times out on the controller itself; the auxiliary port fails its test, and bytes sent to
 * a keyboard get no answer. A machine that clears the 8042 flag of the FADT's IAPC_BOOT_ARCH spares
 * Linux the whole probe; {@code reboot=k} works either way. It makes no interrupts.
 *
 * <p>Put it at port {@link #FIRST_PORT} for {@link #PORT_COUNT} ports: it answers 0x60 and 0x64,
 * and reads of the ports between them are all ones. Source: Intel 8042 as IBM PC/AT wired it.
 */
public final class I8042 extends ByteWideDevice {
  /** The data port; the command and status port is four above it. */
  public static final int FIRST_PORT = 0x60;

  /** Ports of the range. */
  public static final int PORT_COUNT = 5;

  private static final int DATA = 0;
  private static final int COMMAND = 4;

  private static final int STATUS_OUTPUT_FULL = 0x01;
  private static final int STATUS_SYSTEM = 0x04;
  private static final int STATUS_COMMAND = 0x08;
  private static final int STATUS_UNLOCKED = 0x10;

  private static final int READ_CONFIGURATION = 0x20;
  private static final int WRITE_CONFIGURATION = 0x60;
  private static final int DISABLE_AUXILIARY = 0xa7;
  private static final int ENABLE_AUXILIARY = 0xa8;
  private static final int TEST_AUXILIARY = 0xa9;
  private static final int TEST_CONTROLLER = 0xaa;
  private static final int TEST_KEYBOARD = 0xab;
  private static final int DISABLE_KEYBOARD = 0xad;
  private static final int ENABLE_KEYBOARD = 0xae;
  private static final int READ_OUTPUT_PORT = 0xd0;
  private static final int WRITE_OUTPUT_PORT = 0xd1;
  private static final int WRITE_KEYBOARD_BUFFER = 0xd2;
  private static final int WRITE_AUXILIARY_BUFFER = 0xd3;
  private static final int WRITE_AUXILIARY = 0xd4;
  private static final int PULSE_OUTPUT_PORT = 0xf0;

  private static final int CONFIGURATION_KEYBOARD_DISABLED = 0x10;
  private static final int CONFIGURATION_AUXILIARY_DISABLED = 0x20;
  private static final int OUTPUT_PORT_NOT_RESET = 0x01;
  private static final int OUTPUT_PORT_A20 = 0x02;
  private static final int PASSED = 0x55;
  private static final int CLOCK_STUCK_LOW = 0x01;

  private final Runnable resetRequest;
  private int configuration = CONFIGURATION_AUXILIARY_DISABLED | 0x04;
  private int outputPort = OUTPUT_PORT_NOT_RESET | OUTPUT_PORT_A20;
  private int output;
  private boolean outputFull;
  private boolean lastWasCommand;
  private int pendingCommand;

  /**
   * @param resetRequest called on the virtual processor's thread that asks for a reset of the
   *     machine; must not block
   */
  public I8042(Runnable resetRequest) {
    super(PORT_COUNT);
    this.resetRequest = resetRequest;
  }

  @Override
  synchronized int readRegister(int register) {
    return switch (register) {
      case DATA -> {
        outputFull = false;
        yield output;
      }
      case COMMAND ->
          STATUS_UNLOCKED
              | STATUS_SYSTEM
              | (outputFull ? STATUS_OUTPUT_FULL : 0)
              | (lastWasCommand ? STATUS_COMMAND : 0);
      default -> 0xff;
    };
  }

  @Override
  void writeRegister(int register, int value) {
    boolean reset;
    synchronized (this) {
      reset =
          switch (register) {
            case DATA -> writeData(value);
            case COMMAND -> writeCommand(value);
            default -> false;
          };
    }
    if (reset) {
      resetRequest.run();
    }
  }

  private boolean writeData(int value) {
    int command = pendingCommand;
    pendingCommand = 0;
    lastWasCommand = false;
    switch (command) {
      case WRITE_CONFIGURATION -> configuration = value;
      case WRITE_OUTPUT_PORT -> {
        outputPort = value | OUTPUT_PORT_NOT_RESET;
        return (value & OUTPUT_PORT_NOT_RESET) == 0;
      }
      case WRITE_KEYBOARD_BUFFER, WRITE_AUXILIARY_BUFFER -> answer(value);
      default -> {
        // For a keyboard or mouse, and there is none.
      }
    }
    return false;
  }

  private boolean writeCommand(int command) {
    lastWasCommand = true;
    pendingCommand = 0;
    switch (command) {
      case READ_CONFIGURATION -> answer(configuration);
      case DISABLE_AUXILIARY -> configuration |= CONFIGURATION_AUXILIARY_DISABLED;
      case ENABLE_AUXILIARY -> configuration &= ~CONFIGURATION_AUXILIARY_DISABLED;
      case DISABLE_KEYBOARD -> configuration |= CONFIGURATION_KEYBOARD_DISABLED;
      case ENABLE_KEYBOARD -> configuration &= ~CONFIGURATION_KEYBOARD_DISABLED;
      case TEST_CONTROLLER -> answer(PASSED);
      case TEST_KEYBOARD -> answer(0);
      case TEST_AUXILIARY -> answer(CLOCK_STUCK_LOW);
      case READ_OUTPUT_PORT -> answer(outputPort);
      case WRITE_CONFIGURATION,
          WRITE_OUTPUT_PORT,
          WRITE_KEYBOARD_BUFFER,
          WRITE_AUXILIARY_BUFFER,
          WRITE_AUXILIARY ->
          pendingCommand = command;
      default -> {
        // 0xf0 to 0xff pulse the output port's lines whose bit is 0; line 0 is the reset.
        return (command & PULSE_OUTPUT_PORT) == PULSE_OUTPUT_PORT
            && (command & OUTPUT_PORT_NOT_RESET) == 0;
      }
    }
    return false;
  }

  private void answer(int value) {
    output = value;
    outputFull = true;
  }
}
