package org.vivarium.devices.virtio.rng;

import java.io.EOFException;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;

/** The kernel's generator, random(4): fit for keys, never blocking once the host has booted. */
public final class UrandomSource implements RandomSource {
  private static final String FILE = "/dev/urandom";

  private final InputStream stream;

  /**
   * Opens the generator.
   *
   * @throws IOException if the host has no /dev/urandom
   */
  public UrandomSource() throws IOException {
    stream = new FileInputStream(FILE);
  }

  @Override
  public void fill(byte[] target, int length) throws IOException {
    int done = 0;
    while (done < length) {
      int n = stream.read(target, done, length - done);
      if (n < 0) {
        throw new EOFException(FILE + " ended");
      }
      done += n;
    }
  }

  @Override
  public void close() throws IOException {
    stream.close();
  }
}
