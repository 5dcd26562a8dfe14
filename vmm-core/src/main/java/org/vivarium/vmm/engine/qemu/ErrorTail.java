package org.vivarium.vmm.engine.qemu;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads a process's standard error to its end and keeps the last of it. */
final class ErrorTail implements Runnable {
  private static final Logger LOG = LoggerFactory.getLogger(ErrorTail.class);

  /** Bytes kept. */
  static final int LIMIT = 4 << 10;

  private final InputStream errors;
  private final byte[] tail = new byte[LIMIT];
  private int kept;

  ErrorTail(InputStream errors) {
    this.errors = errors;
  }

  @Override
  public void run() {
    byte[] chunk = new byte[1 << 10];
    try {
      for (int n = errors.read(chunk); n > 0; n = errors.read(chunk)) {
        keep(chunk, n);
      }
    } catch (IOException e) {
      LOG.debug("Standard error ended early", e);
    }
  }

  private synchronized void keep(byte[] chunk, int n) {
    int dropped = Math.max(0, kept + n - LIMIT);
    System.arraycopy(tail, dropped, tail, 0, kept - dropped);
    System.arraycopy(chunk, 0, tail, kept - dropped, n);
    kept += n - dropped;
  }

  /** The last line that is not blank, as a sentence. */
  synchronized Optional<String> lastLine() {
    return new String(tail, 0, kept, StandardCharsets.UTF_8)
        .lines()
        .filter(line -> !line.isBlank())
        .reduce((_, last) -> last)
        .map(Sentences::of);
  }
}
