package org.vivarium.devices.legacy;

/** A bounded queue of bytes. Not safe for several threads; allocates nothing after construction. */
final class ByteFifo {
  private final byte[] bytes;
  private int head;
  private int count;

  ByteFifo(int capacity) {
    if (capacity < 1) {
      throw new IllegalArgumentException("Capacity must be at least 1 byte, not " + capacity);
    }
    bytes = new byte[capacity];
  }

  int size() {
    return count;
  }

  int free() {
    return bytes.length - count;
  }

  /** Adds a byte; the caller has seen that there is room. */
  void add(byte value) {
    bytes[(int) (((long) head + count) % bytes.length)] = value;
    count++;
  }

  /** The oldest byte; the caller has seen that there is one. */
  byte peek() {
    return bytes[head];
  }

  /** Takes the oldest byte; the caller has seen that there is one. */
  byte remove() {
    byte value = bytes[head];
    head = head + 1 == bytes.length ? 0 : head + 1;
    count--;
    return value;
  }

  void clear() {
    head = 0;
    count = 0;
  }
}
