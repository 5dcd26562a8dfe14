package org.vivarium.app.lab;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.vivarium.vmm.ExitHook;

/**
 * Cancels a comparison when this process is told to end (Ctrl-C, SIGTERM, the desktop's end), and
 * keeps the process until what was set up is taken down again. To be closed by the thread that runs
 * the comparison when it is through, its report written.
 */
public final class CancelAtExit implements AutoCloseable {
  /** What is running is ended at once, so that little is left to do. */
  private static final Duration MOST = Duration.ofSeconds(60);

  private final CountDownLatch through = new CountDownLatch(1);
  private final ExitHook hook;

  /** From now on. */
  public CancelAtExit(Comparison comparison) {
    this.hook = ExitHook.add("lab end", () -> end(comparison));
  }

  private void end(Comparison comparison) {
    comparison.cancel();
    try {
      if (!through.await(MOST.toSeconds(), TimeUnit.SECONDS)) {
        System.err.println("The comparison did not end in time; its report is lost.");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    through.countDown();
    hook.close();
  }
}
