package org.vivarium.devices.bus;

/**
 * A device that answers accesses to a range of port or memory-mapped I/O addresses.
 *
 * <p>Called on the thread of the virtual processor that made the access, possibly several at once.
 * An implementation does not block, allocates nothing, and throws nothing that a guest's value
 * could cause: an access that the hardware would not answer reads all ones and writes nowhere.
 */
public interface BusDevice {
  /**
   * Reads a little-endian value.
   *
   * @param offset bytes from the start of the range, inside it
   * @param size 1, 2, 4 or 8 bytes; the access may reach past the end of the range
   * @return the value in the low {@code size} bytes; higher bytes are ignored
   */
  long read(long offset, int size);

  /**
   * Writes a little-endian value.
   *
   * @param offset bytes from the start of the range, inside it
   * @param size 1, 2, 4 or 8 bytes; the access may reach past the end of the range
   * @param value the value in the low {@code size} bytes; higher bytes are 0
   */
  void write(long offset, int size, long value);
}
