package org.vivarium.devices.legacy;

import static org.vivarium.devices.legacy.SerialBits.MCR_DTR;
import static org.vivarium.devices.legacy.SerialBits.MCR_LOOPBACK;
import static org.vivarium.devices.legacy.SerialBits.MCR_OUT1;
import static org.vivarium.devices.legacy.SerialBits.MCR_OUT2;
import static org.vivarium.devices.legacy.SerialBits.MCR_RTS;
import static org.vivarium.devices.legacy.SerialBits.MSR_CONNECTED;
import static org.vivarium.devices.legacy.SerialBits.MSR_CTS;
import static org.vivarium.devices.legacy.SerialBits.MSR_DCD;
import static org.vivarium.devices.legacy.SerialBits.MSR_DELTAS;
import static org.vivarium.devices.legacy.SerialBits.MSR_DELTA_CTS;
import static org.vivarium.devices.legacy.SerialBits.MSR_DELTA_DCD;
import static org.vivarium.devices.legacy.SerialBits.MSR_DELTA_DSR;
import static org.vivarium.devices.legacy.SerialBits.MSR_DSR;
import static org.vivarium.devices.legacy.SerialBits.MSR_RI;
import static org.vivarium.devices.legacy.SerialBits.MSR_TRAILING_EDGE_RI;

/**
 * The modem control and status registers of a serial port whose other side is always connected, or
 * is the port itself in loopback. Under the port's lock.
 */
final class ModemLines {
  private static final int CONTROLS = 0x1f;

  private int mcr;
  private int msr = MSR_CONNECTED;

  /** The state after power-on. */
  void reset() {
    mcr = 0;
    msr = MSR_CONNECTED;
  }

  /** The modem control register. */
  int control() {
    return mcr;
  }

  /** Writes the modem control register. */
  void setControl(int value) {
    mcr = value & CONTROLS;
    int lines = isLooped() ? ownLines() : MSR_CONNECTED;
    int changed = lines ^ msr;
    int deltas = msr & MSR_DELTAS;
    deltas |= (changed & MSR_CTS) != 0 ? MSR_DELTA_CTS : 0;
    deltas |= (changed & MSR_DSR) != 0 ? MSR_DELTA_DSR : 0;
    deltas |= (changed & msr & MSR_RI) != 0 ? MSR_TRAILING_EDGE_RI : 0;
    deltas |= (changed & MSR_DCD) != 0 ? MSR_DELTA_DCD : 0;
    msr = lines | deltas;
  }

  private int ownLines() {
    return ((mcr & MCR_RTS) != 0 ? MSR_CTS : 0)
        | ((mcr & MCR_DTR) != 0 ? MSR_DSR : 0)
        | ((mcr & MCR_OUT1) != 0 ? MSR_RI : 0)
        | ((mcr & MCR_OUT2) != 0 ? MSR_DCD : 0);
  }

  /** Reads the modem status register, which clears its deltas. */
  int readStatus() {
    int value = msr;
    msr &= ~MSR_DELTAS;
    return value;
  }

  /** Whether lines have changed since the status was last read. */
  boolean hasChanged() {
    return (msr & MSR_DELTAS) != 0;
  }

  /** Whether what is sent comes back instead of leaving. */
  boolean isLooped() {
    return (mcr & MCR_LOOPBACK) != 0;
  }

  /** Whether the INTR pin is connected, as OUT2 does on a PC. */
  boolean passesInterrupts() {
    return (mcr & (MCR_OUT2 | MCR_LOOPBACK)) == MCR_OUT2;
  }
}
