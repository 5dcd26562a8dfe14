package org.vivarium.devices.legacy;

/** Bits of the 16550A's registers (PC16550D data sheet, section 8). */
final class SerialBits {
  static final int IER_RECEIVED_DATA = 0x01;
  static final int IER_THR_EMPTY = 0x02;
  static final int IER_LINE_STATUS = 0x04;
  static final int IER_MODEM_STATUS = 0x08;

  static final int IIR_NONE = 0x01;
  static final int IIR_MODEM_STATUS = 0x00;
  static final int IIR_THR_EMPTY = 0x02;
  static final int IIR_RECEIVED_DATA = 0x04;
  static final int IIR_LINE_STATUS = 0x06;
  static final int IIR_CHARACTER_TIMEOUT = 0x0c;
  static final int IIR_FIFOS_ENABLED = 0xc0;

  static final int FCR_ENABLE = 0x01;
  static final int FCR_RESET_RECEIVER = 0x02;
  static final int FCR_RESET_TRANSMITTER = 0x04;
  static final int FCR_KEPT = 0xc9;

  static final int LCR_DLAB = 0x80;

  static final int MCR_DTR = 0x01;
  static final int MCR_RTS = 0x02;
  static final int MCR_OUT1 = 0x04;
  static final int MCR_OUT2 = 0x08;
  static final int MCR_LOOPBACK = 0x10;

  static final int LSR_DATA_READY = 0x01;
  static final int LSR_OVERRUN = 0x02;
  static final int LSR_THR_EMPTY = 0x20;
  static final int LSR_TRANSMITTER_EMPTY = 0x40;

  static final int MSR_DELTA_CTS = 0x01;
  static final int MSR_DELTA_DSR = 0x02;
  static final int MSR_TRAILING_EDGE_RI = 0x04;
  static final int MSR_DELTA_DCD = 0x08;
  static final int MSR_CTS = 0x10;
  static final int MSR_DSR = 0x20;
  static final int MSR_RI = 0x40;
  static final int MSR_DCD = 0x80;
  static final int MSR_DELTAS = 0x0f;
  static final int MSR_CONNECTED = MSR_CTS | MSR_DSR | MSR_DCD;

  private SerialBits() {}
}
