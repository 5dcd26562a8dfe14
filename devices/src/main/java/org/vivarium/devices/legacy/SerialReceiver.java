package org.vivarium.devices.legacy;

/**
 * What a serial port has received: input that waits in a bounded ring until the guest listens, and
 * what came back in loopback, which is read first. Under the port's lock.
 */
final class SerialReceiver {
  /** Reads of LSR in a row that make a guest one that polls for input. */
  private static final int POLLING_READS = 16;

  private final ByteFifo input;
  private final ByteFifo looped = new ByteFifo(Serial16550.FIFO_SIZE);
  private boolean overrun;
  private int statusReads;
  private boolean polled;

  /**
   * @param capacity bytes of input that may wait, at least 1
   */
  SerialReceiver(int capacity) {
    input = new ByteFifo(capacity);
  }

  /** Takes input; returns how much of it there was room for. */
  int offer(byte[] from, int offset, int length) {
    int taken = Math.min(length, input.free());
    for (int i = 0; i < taken; i++) {
      input.add(from[offset + i]);
    }
    return taken;
  }

  /** Takes a byte in loopback; one too many is an overrun. */
  void loop(byte value, int room) {
    if (looped.size() < room) {
      looped.add(value);
    } else {
      overrun = true;
    }
  }

  /** Forgets what came back; input that waits stays. */
  void clear() {
    looped.clear();
    overrun = false;
  }

  /** Bytes of input that the guest has not read. */
  int waitingInput() {
    return input.size();
  }

  /**
   * Bytes that can be read now.
   *
   * @param listening whether the guest listens, so that input counts
   */
  int ready(boolean listening) {
    if (looped.size() > 0) {
      return looped.size();
    }
    return listening ? input.size() : 0;
  }

  /** The next byte; there is one ready. */
  int remove() {
    return (looped.size() > 0 ? looped : input).remove() & 0xff;
  }

  /** Whether a byte was lost in loopback and nobody was told. */
  boolean hasOverrun() {
    return overrun;
  }

  /** Tells of the overrun, once. */
  boolean takeOverrun() {
    boolean had = overrun;
    overrun = false;
    return had;
  }

  /** The guest reads LSR; whether that has made it one that polls. */
  boolean statusRead() {
    if (!polled && ++statusReads >= POLLING_READS) {
      polled = true;
      return true;
    }
    return false;
  }

  /** The guest does something else between two looks at LSR. */
  void dataAccessed() {
    statusReads = 0;
  }

  /** The guest sets the port up: it is not known to poll. */
  void stopPolling() {
    statusReads = 0;
    polled = false;
  }

  /** Whether the guest polls for input. */
  boolean isPolled() {
    return polled;
  }
}
