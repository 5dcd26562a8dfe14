package org.vivarium.vmm.engine;

/** Where a guest's console output goes. Called on one thread at a time; may block for a while. */
@FunctionalInterface
public interface ConsoleOutput {
  /**
   * Takes bytes as the guest wrote them; the array is reused after the call returns.
   *
   * @param bytes holds the output
   * @param offset first byte
   * @param length number of bytes, above 0
   */
  void write(byte[] bytes, int offset, int length);
}
