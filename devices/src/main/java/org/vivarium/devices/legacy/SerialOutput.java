package org.vivarium.devices.legacy;

/**
 * Where the bytes that a serial port sends go.
 *
 * <p>Called on a virtual processor's thread with the serial port's lock held: it does not block,
 * allocates nothing and does not call the port back.
 */
@FunctionalInterface
public interface SerialOutput {
  /**
   * Takes one byte.
   *
   * @return false if there is no room now; whoever makes room then calls {@link
   *     Serial16550#outputReady()}, and the port offers the byte again
   */
  boolean offer(byte value);
}
