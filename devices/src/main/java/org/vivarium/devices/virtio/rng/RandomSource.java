package org.vivarium.devices.virtio.rng;

import java.io.IOException;

/** Where random bytes come from. Used on one thread at a time; does not block for entropy. */
public interface RandomSource extends AutoCloseable {
  /**
   * Fills the start of {@code target} with {@code length} random bytes.
   *
   * @throws IOException if the host cannot deliver
   */
  void fill(byte[] target, int length) throws IOException;

  @Override
  void close() throws IOException;
}
