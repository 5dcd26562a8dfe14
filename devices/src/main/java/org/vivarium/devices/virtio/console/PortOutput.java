package org.vivarium.devices.virtio.console;

/**
 * Where the bytes go that a guest writes to a port. Called on the I/O loop; does not block.
 *
 * <p>{@link org.vivarium.devices.legacy.OutputRing} is one, with a thread that drains it.
 */
@FunctionalInterface
public interface PortOutput {
  /**
   * Takes bytes; the array is used again after the call.
   *
   * @return how many were taken, from the start; if not all, whoever makes room calls {@link
   *     ConsolePort#outputReady()}, and the rest is offered again
   */
  int offer(byte[] bytes, int offset, int length);
}
