package org.vivarium.devices.legacy;

import org.vivarium.devices.bus.InterruptLine;

/**
 * A 16550A serial port: eight registers, FIFOs of 16 bytes, an edge-triggered interrupt.
 *
 * <p>Sending takes no time while the output has room: the transmitter is empty again when the write
 * returns. When the output refuses a byte, the port keeps it and up to 15 more with LSR.THRE and
 * LSR.TEMT clear, until {@link #outputReady()} sends them and raises the THRE interrupt. A driver
 * that writes without looking at LSR loses what does not fit; {@link #droppedOutput()} counts it.
 *
 * <p>Input waits in a bounded ring and the guest sees it 16 bytes at a time, so nothing overruns. A
 * byte counts as still on its way, and is not shown, until the guest listens: data interrupt
 * enabled, or LSR polled. DTR and RTS say nothing: Linux raises them for its console long before
 * its driver starts, which reads the port empty. For the same reason a FIFO reset, which drivers do
 * when they start, does not discard input; otherwise what a person or a script typed while the
 * guest booted would be lost in part.
 *
 * <p>The interrupt is the UART's INTR pin, gated by MCR.OUT2 as on a PC; one pulse is made for each
 * of its rising edges. Source: National Semiconductor PC16550D data sheet, section 8.
 *
 * <p>Threads: registers on virtual processors' threads, {@link #input} and {@link #outputReady} on
 * any. Nothing allocates.
 */
public final class Serial16550 extends ByteWideDevice {
  /** Registers, and so ports, of the device. */
  public static final int PORT_COUNT = 8;

  /** Bytes of each FIFO. */
  static final int FIFO_SIZE = 16;

  private final InterruptLine interrupt;

  private int ier;
  private int fcr;
  private int lcr;
  private final ModemLines modem = new ModemLines();
  private int scr;
  private int dll = 0x0c;
  private int dlm;
  private boolean thrEmptyPending;

  private final SerialReceiver receiver;
  private final SerialTransmitter transmitter;

  private boolean intr;
  private boolean statusRead = true;

  /**
   * @param interrupt pulsed for each interrupt (GSI 4 for the port at 0x3f8)
   * @param output takes what the guest sends
   * @param inputCapacity bytes of input that may wait, at least 1
   */
  public Serial16550(InterruptLine interrupt, SerialOutput output, int inputCapacity) {
    super(PORT_COUNT);
    this.interrupt = interrupt;
    transmitter = new SerialTransmitter(output);
    receiver = new SerialReceiver(inputCapacity);
  }

  /**
   * Gives the guest input.
   *
   * @return how many bytes were taken, 0 to {@code length}; offer the rest later
   */
  public synchronized int input(byte[] from, int offset, int length) {
    int taken = receiver.offer(from, offset, length);
    updateInterrupt();
    return taken;
  }

  /** Bytes of input that the guest has not read. */
  public synchronized int waitingInput() {
    return receiver.waitingInput();
  }

  /** Sends what waits in the transmitter, after the output had refused a byte. */
  public synchronized void outputReady() {
    if (!transmitter.isEmpty()) {
      send();
      updateInterrupt();
    }
  }

  /** Bytes that the guest wrote while the transmitter was full, and that were dropped. */
  public synchronized long droppedOutput() {
    return transmitter.dropped();
  }

  /** Puts the registers into the state after power-on; input that waits stays. */
  public synchronized void reset() {
    ier = 0;
    fcr = 0;
    lcr = 0;
    modem.reset();
    scr = 0;
    dll = 0x0c;
    dlm = 0;
    thrEmptyPending = false;
    receiver.clear();
    receiver.stopPolling();
    transmitter.clear();
    statusRead = true;
    updateInterrupt();
  }

  @Override
  synchronized int readRegister(int register) {
    boolean divisor = (lcr & SerialBits.LCR_DLAB) != 0;
    return switch (register) {
      case 0 -> divisor ? dll : readReceiverBuffer();
      case 1 -> divisor ? dlm : ier;
      case 2 -> readInterruptIdentification();
      case 3 -> lcr;
      case 4 -> modem.control();
      case 5 -> readLineStatus();
      case 6 -> readModemStatus();
      default -> scr;
    };
  }

  @Override
  synchronized void writeRegister(int register, int value) {
    boolean divisor = (lcr & SerialBits.LCR_DLAB) != 0;
    switch (register) {
      case 0 -> {
        if (divisor) {
          dll = value;
        } else {
          writeTransmitterHolding((byte) value);
        }
      }
      case 1 -> {
        if (divisor) {
          dlm = value;
        } else {
          writeInterruptEnable(value);
        }
      }
      case 2 -> writeFifoControl(value);
      case 3 -> lcr = value;
      case 4 -> writeModemControl(value);
      case 7 -> scr = value;
      default -> {
        // LSR and MSR are read-only in use; the data sheet keeps their writes for factory tests.
      }
    }
  }

  private int readReceiverBuffer() {
    receiver.dataAccessed();
    if (!dataReady()) {
      return 0;
    }
    int value = receiver.remove();
    updateInterrupt();
    return value;
  }

  private void writeTransmitterHolding(byte value) {
    receiver.dataAccessed();
    if (modem.isLooped()) {
      receiver.loop(value, fifosEnabled() ? FIFO_SIZE : 1);
    } else {
      transmitter.add(value);
    }
    thrEmptyPending = false;
    // On the chip INTR falls here and rises when the byte is gone. With the FIFOs on, a driver
    // writes a batch after one look at LSR or IIR: one edge for the batch is what it needs.
    if (!fifosEnabled() || statusRead) {
      updateInterrupt();
    }
    if (modem.isLooped()) {
      thrEmptyPending = transmitter.isEmpty();
    } else {
      send();
    }
    updateInterrupt();
  }

  /** Sends what there is; an empty transmitter is worth an interrupt. */
  private void send() {
    thrEmptyPending |= transmitter.send();
  }

  private void writeInterruptEnable(int value) {
    int changed = ier ^ value;
    ier = value & 0x0f;
    receiver.stopPolling();
    if ((changed & SerialBits.IER_THR_EMPTY) != 0) {
      // Enabling it while the register is empty interrupts at once; Linux tests for that.
      thrEmptyPending = (value & SerialBits.IER_THR_EMPTY) != 0 && transmitter.isEmpty();
      statusRead = true;
    }
    updateInterrupt();
  }

  private int readInterruptIdentification() {
    statusRead = true;
    int source = interruptSource();
    if (source == SerialBits.IIR_THR_EMPTY) {
      thrEmptyPending = false;
      updateInterrupt();
    }
    return fifosEnabled() ? source | SerialBits.IIR_FIFOS_ENABLED : source;
  }

  private void writeFifoControl(int value) {
    boolean toggled = ((fcr ^ value) & SerialBits.FCR_ENABLE) != 0;
    receiver.stopPolling();
    if (toggled || (value & SerialBits.FCR_RESET_RECEIVER) != 0) {
      receiver.clear();
    }
    if ((toggled || (value & SerialBits.FCR_RESET_TRANSMITTER) != 0) && !transmitter.isEmpty()) {
      transmitter.drop();
      thrEmptyPending = true;
    }
    fcr = (value & SerialBits.FCR_ENABLE) != 0 ? value & SerialBits.FCR_KEPT : 0;
    updateInterrupt();
  }

  private void writeModemControl(int value) {
    modem.setControl(value);
    receiver.stopPolling();
    updateInterrupt();
  }

  private int readLineStatus() {
    statusRead = true;
    if (receiver.statusRead()) {
      updateInterrupt();
    }
    int status =
        transmitter.isEmpty() ? SerialBits.LSR_THR_EMPTY | SerialBits.LSR_TRANSMITTER_EMPTY : 0;
    status |= dataReady() ? SerialBits.LSR_DATA_READY : 0;
    if (receiver.takeOverrun()) {
      status |= SerialBits.LSR_OVERRUN;
      updateInterrupt();
    }
    return status;
  }

  private int readModemStatus() {
    int value = modem.readStatus();
    updateInterrupt();
    return value;
  }

  private boolean fifosEnabled() {
    return (fcr & SerialBits.FCR_ENABLE) != 0;
  }

  private boolean listening() {
    return !modem.isLooped() && (receiver.isPolled() || (ier & SerialBits.IER_RECEIVED_DATA) != 0);
  }

  private boolean dataReady() {
    return receiver.ready(listening()) > 0;
  }

  private int triggerLevel() {
    return switch (fcr >> 6) {
      case 0 -> 1;
      case 1 -> 4;
      case 2 -> 8;
      default -> 14;
    };
  }

  private int interruptSource() {
    if (receiver.hasOverrun() && (ier & SerialBits.IER_LINE_STATUS) != 0) {
      return SerialBits.IIR_LINE_STATUS;
    }
    if (dataReady() && (ier & SerialBits.IER_RECEIVED_DATA) != 0) {
      int waiting = receiver.ready(true);
      // Nothing more is on the wire, so the time-out of four characters has passed already.
      return !fifosEnabled() || waiting >= triggerLevel()
          ? SerialBits.IIR_RECEIVED_DATA
          : SerialBits.IIR_CHARACTER_TIMEOUT;
    }
    if (thrEmptyPending && (ier & SerialBits.IER_THR_EMPTY) != 0) {
      return SerialBits.IIR_THR_EMPTY;
    }
    if (modem.hasChanged() && (ier & SerialBits.IER_MODEM_STATUS) != 0) {
      return SerialBits.IIR_MODEM_STATUS;
    }
    return SerialBits.IIR_NONE;
  }

  private void updateInterrupt() {
    boolean level = modem.passesInterrupts() && interruptSource() != SerialBits.IIR_NONE;
    if (level && !intr) {
      statusRead = false;
      interrupt.pulse();
    }
    intr = level;
  }
}
