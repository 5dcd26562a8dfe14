package org.vivarium.vmm.engine.qemu;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.vivarium.vmm.LazyLogger;

/** Reads a process's standard error to its end and keeps the last of it. */
final class ErrorTail implements Runnable {
  private static final LazyLogger LOG = LazyLogger.of(ErrorTail.class);

  /** Bytes kept. */
  static final int LIMIT = 4 << 10;

  private final InputStream errors;
  private final byte[] tail = new byte[LIMIT];
  private final CountDownLatch drained = new CountDownLatch(1);
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
    } finally {
      drained.countDown();
    }
  }

  private synchronized void keep(byte[] chunk, int n) {
    int dropped = Math.max(0, kept + n - LIMIT);
    System.arraycopy(tail, dropped, tail, 0, kept - dropped);
    System.arraycopy(chunk, 0, tail, kept - dropped, n);
    kept += n - dropped;
  }

  /**
   * The last line that is not blank, as a sentence. Of a process that has just ended, the last
   * words may still be on their way: waits up to a second for them.
   */
  Optional<String> lastLine() {
    try {
      drained.await(1, TimeUnit.SECONDS);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
    return lastKept();
  }

  private synchronized Optional<String> lastKept() {
    return new String(tail, 0, kept, StandardCharsets.UTF_8)
        .lines()
        .filter(line -> !line.isBlank())
        .reduce((_, last) -> last)
        .map(Sentences::of);
  }
}
