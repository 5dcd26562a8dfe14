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
 * enabled, DTR or RTS raised, or LSR polled. For the same reason a FIFO reset, which drivers do
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

  private static final int FIFO_SIZE = 16;

  private static final int IER_RECEIVED_DATA = 0x01;
  private static final int IER_THR_EMPTY = 0x02;
  private static final int IER_LINE_STATUS = 0x04;
  private static final int IER_MODEM_STATUS = 0x08;

  private static final int IIR_NONE = 0x01;
  private static final int IIR_MODEM_STATUS = 0x00;
  private static final int IIR_THR_EMPTY = 0x02;
  private static final int IIR_RECEIVED_DATA = 0x04;
  private static final int IIR_LINE_STATUS = 0x06;
  private static final int IIR_CHARACTER_TIMEOUT = 0x0c;
  private static final int IIR_FIFOS_ENABLED = 0xc0;

  private static final int FCR_ENABLE = 0x01;
  private static final int FCR_RESET_RECEIVER = 0x02;
  private static final int FCR_RESET_TRANSMITTER = 0x04;
  private static final int FCR_KEPT = 0xc9;

  private static final int LCR_DLAB = 0x80;

  private static final int MCR_DTR = 0x01;
  private static final int MCR_RTS = 0x02;
  private static final int MCR_OUT1 = 0x04;
  private static final int MCR_OUT2 = 0x08;
  private static final int MCR_LOOPBACK = 0x10;

  private static final int LSR_DATA_READY = 0x01;
  private static final int LSR_OVERRUN = 0x02;
  private static final int LSR_THR_EMPTY = 0x20;
  private static final int LSR_TRANSMITTER_EMPTY = 0x40;

  private static final int MSR_DELTA_CTS = 0x01;
  private static final int MSR_DELTA_DSR = 0x02;
  private static final int MSR_TRAILING_EDGE_RI = 0x04;
  private static final int MSR_DELTA_DCD = 0x08;
  private static final int MSR_CTS = 0x10;
  private static final int MSR_DSR = 0x20;
  private static final int MSR_RI = 0x40;
  private static final int MSR_DCD = 0x80;
  private static final int MSR_CONNECTED = MSR_CTS | MSR_DSR | MSR_DCD;

  /** Reads of LSR in a row that make a guest one that polls for input. */
  private static final int POLLING_READS = 16;

  private final InterruptLine interrupt;
  private final SerialOutput output;

  private int ier;
  private int fcr;
  private int lcr;
  private int mcr;
  private int msr = MSR_CONNECTED;
  private int scr;
  private int dll = 0x0c;
  private int dlm;
  private boolean overrun;
  private boolean thrEmptyPending;

  private final ByteFifo received;
  private final ByteFifo looped = new ByteFifo(FIFO_SIZE);
  private final ByteFifo transmit = new ByteFifo(FIFO_SIZE);
  private int lsrReads;
  private boolean polled;

  private boolean intr;
  private boolean statusRead = true;
  private long droppedOutput;

  /**
   * @param interrupt pulsed for each interrupt (GSI 4 for the port at 0x3f8)
   * @param output takes what the guest sends
   * @param inputCapacity bytes of input that may wait, at least 1
   */
  public Serial16550(InterruptLine interrupt, SerialOutput output, int inputCapacity) {
    super(PORT_COUNT);
    this.interrupt = interrupt;
    this.output = output;
    received = new ByteFifo(inputCapacity);
  }

  /**
   * Gives the guest input.
   *
   * @return how many bytes were taken, 0 to {@code length}; offer the rest later
   */
  public synchronized int input(byte[] from, int offset, int length) {
    int taken = Math.min(length, received.free());
    for (int i = 0; i < taken; i++) {
      received.add(from[offset + i]);
    }
    updateInterrupt();
    return taken;
  }

  /** Bytes of input that the guest has not read. */
  public synchronized int waitingInput() {
    return received.size();
  }

  /** Sends what waits in the transmitter, after the output had refused a byte. */
  public synchronized void outputReady() {
    if (transmit.size() > 0) {
      send();
      updateInterrupt();
    }
  }

  /** Bytes that the guest wrote while the transmitter was full, and that were dropped. */
  public synchronized long droppedOutput() {
    return droppedOutput;
  }

  /** Puts the registers into the state after power-on; input that waits stays. */
  public synchronized void reset() {
    ier = 0;
    fcr = 0;
    lcr = 0;
    mcr = 0;
    msr = MSR_CONNECTED;
    scr = 0;
    dll = 0x0c;
    dlm = 0;
    overrun = false;
    thrEmptyPending = false;
    looped.clear();
    transmit.clear();
    stopPolling();
    statusRead = true;
    updateInterrupt();
  }

  @Override
  synchronized int readRegister(int register) {
    boolean divisor = (lcr & LCR_DLAB) != 0;
    return switch (register) {
      case 0 -> divisor ? dll : readReceiverBuffer();
      case 1 -> divisor ? dlm : ier;
      case 2 -> readInterruptIdentification();
      case 3 -> lcr;
      case 4 -> mcr;
      case 5 -> readLineStatus();
      case 6 -> readModemStatus();
      default -> scr;
    };
  }

  @Override
  synchronized void writeRegister(int register, int value) {
    boolean divisor = (lcr & LCR_DLAB) != 0;
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
    lsrReads = 0;
    ByteFifo source = looped.size() > 0 ? looped : received;
    if (source.size() == 0 || !dataReady()) {
      return 0;
    }
    int value = source.remove() & 0xff;
    updateInterrupt();
    return value;
  }

  private void writeTransmitterHolding(byte value) {
    lsrReads = 0;
    if ((mcr & MCR_LOOPBACK) != 0) {
      if (looped.size() < (fifosEnabled() ? FIFO_SIZE : 1)) {
        looped.add(value);
      } else {
        overrun = true;
      }
    } else if (transmit.free() > 0) {
      transmit.add(value);
    } else {
      droppedOutput++;
    }
    thrEmptyPending = false;
    // On the chip INTR falls here and rises when the byte is gone. With the FIFOs on, a driver
    // writes a batch after one look at LSR or IIR: one edge for the batch is what it needs.
    if (!fifosEnabled() || statusRead) {
      updateInterrupt();
    }
    if ((mcr & MCR_LOOPBACK) != 0) {
      thrEmptyPending = transmit.size() == 0;
    } else {
      send();
    }
    updateInterrupt();
  }

  /** Offers what is in the transmitter until it is empty or the output is full. */
  private void send() {
    while (transmit.size() > 0) {
      if (!output.offer(transmit.peek())) {
        return;
      }
      transmit.remove();
    }
    thrEmptyPending = true;
  }

  private void writeInterruptEnable(int value) {
    int changed = ier ^ value;
    ier = value & 0x0f;
    stopPolling();
    if ((changed & IER_THR_EMPTY) != 0) {
      // Enabling it while the register is empty interrupts at once; Linux tests for that.
      thrEmptyPending = (value & IER_THR_EMPTY) != 0 && transmit.size() == 0;
      statusRead = true;
    }
    updateInterrupt();
  }

  private int readInterruptIdentification() {
    statusRead = true;
    int source = interruptSource();
    if (source == IIR_THR_EMPTY) {
      thrEmptyPending = false;
      updateInterrupt();
    }
    return fifosEnabled() ? source | IIR_FIFOS_ENABLED : source;
  }

  private void writeFifoControl(int value) {
    boolean toggled = ((fcr ^ value) & FCR_ENABLE) != 0;
    stopPolling();
    if (toggled || (value & FCR_RESET_RECEIVER) != 0) {
      looped.clear();
      overrun = false;
    }
    if ((toggled || (value & FCR_RESET_TRANSMITTER) != 0) && transmit.size() > 0) {
      droppedOutput += transmit.size();
      transmit.clear();
      thrEmptyPending = true;
    }
    fcr = (value & FCR_ENABLE) != 0 ? value & FCR_KEPT : 0;
    updateInterrupt();
  }

  private void writeModemControl(int value) {
    mcr = value & 0x1f;
    stopPolling();
    int lines = MSR_CONNECTED;
    if ((mcr & MCR_LOOPBACK) != 0) {
      lines =
          ((mcr & MCR_RTS) != 0 ? MSR_CTS : 0)
              | ((mcr & MCR_DTR) != 0 ? MSR_DSR : 0)
              | ((mcr & MCR_OUT1) != 0 ? MSR_RI : 0)
              | ((mcr & MCR_OUT2) != 0 ? MSR_DCD : 0);
    }
    int changed = lines ^ msr;
    int deltas = msr & 0x0f;
    deltas |= (changed & MSR_CTS) != 0 ? MSR_DELTA_CTS : 0;
    deltas |= (changed & MSR_DSR) != 0 ? MSR_DELTA_DSR : 0;
    deltas |= (changed & msr & MSR_RI) != 0 ? MSR_TRAILING_EDGE_RI : 0;
    deltas |= (changed & MSR_DCD) != 0 ? MSR_DELTA_DCD : 0;
    msr = lines | deltas;
    updateInterrupt();
  }

  private int readLineStatus() {
    statusRead = true;
    if (!polled && ++lsrReads >= POLLING_READS) {
      polled = true;
      updateInterrupt();
    }
    int status = transmit.size() == 0 ? LSR_THR_EMPTY | LSR_TRANSMITTER_EMPTY : 0;
    status |= dataReady() ? LSR_DATA_READY : 0;
    if (overrun) {
      status |= LSR_OVERRUN;
      overrun = false;
      updateInterrupt();
    }
    return status;
  }

  private int readModemStatus() {
    int value = msr;
    msr &= 0xf0;
    updateInterrupt();
    return value;
  }

  private void stopPolling() {
    lsrReads = 0;
    polled = false;
  }

  private boolean fifosEnabled() {
    return (fcr & FCR_ENABLE) != 0;
  }

  private boolean listening() {
    return (mcr & MCR_LOOPBACK) == 0
        && (polled || (ier & IER_RECEIVED_DATA) != 0 || (mcr & (MCR_DTR | MCR_RTS)) != 0);
  }

  private boolean dataReady() {
    return looped.size() > 0 || (received.size() > 0 && listening());
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
    if (overrun && (ier & IER_LINE_STATUS) != 0) {
      return IIR_LINE_STATUS;
    }
    if (dataReady() && (ier & IER_RECEIVED_DATA) != 0) {
      int waiting = looped.size() > 0 ? looped.size() : received.size();
      // Nothing more is on the wire, so the time-out of four characters has passed already.
      return !fifosEnabled() || waiting >= triggerLevel()
          ? IIR_RECEIVED_DATA
          : IIR_CHARACTER_TIMEOUT;
    }
    if (thrEmptyPending && (ier & IER_THR_EMPTY) != 0) {
      return IIR_THR_EMPTY;
    }
    if ((msr & 0x0f) != 0 && (ier & IER_MODEM_STATUS) != 0) {
      return IIR_MODEM_STATUS;
    }
    return IIR_NONE;
  }

  private void updateInterrupt() {
    boolean out2 = (mcr & (MCR_OUT2 | MCR_LOOPBACK)) == MCR_OUT2;
    boolean level = out2 && interruptSource() != IIR_NONE;
    if (level && !intr) {
      statusRead = false;
      interrupt.pulse();
    }
    intr = level;
  }
}
