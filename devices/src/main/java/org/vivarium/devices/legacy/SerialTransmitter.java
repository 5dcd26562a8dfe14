package org.vivarium.devices.legacy;

/**
 * What a serial port sends: bytes go to the output at once while it has room, else up to a FIFO of
 * them wait. Under the port's lock.
 */
final class SerialTransmitter {
  private final SerialOutput output;
  private final ByteFifo waiting = new ByteFifo(Serial16550.FIFO_SIZE);
  private long dropped;

  SerialTransmitter(SerialOutput output) {
    this.output = output;
  }

  /** Takes a byte to be sent; without room it is lost. */
  void add(byte value) {
    if (waiting.free() > 0) {
      waiting.add(value);
    } else {
      dropped++;
    }
  }

  /** Offers what waits until nothing does or the output is full. Returns whether nothing waits. */
  boolean send() {
    while (waiting.size() > 0) {
      if (!output.offer(waiting.peek())) {
        return false;
      }
      waiting.remove();
    }
    return true;
  }

  /** Loses what waits, on the guest's order. */
  void drop() {
    dropped += waiting.size();
    waiting.clear();
  }

  /** Forgets what waits. */
  void clear() {
    waiting.clear();
  }

  boolean isEmpty() {
    return waiting.size() == 0;
  }

  /** Bytes that were lost. */
  long dropped() {
    return dropped;
  }
}
