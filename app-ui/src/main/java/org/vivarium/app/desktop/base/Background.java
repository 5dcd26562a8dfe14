package org.vivarium.app.desktop.base;

import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Work that blocks, on virtual threads; what it finds comes back on the JavaFX thread. */
public final class Background implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Background.class);

  /** Work that returns nothing. */
  @FunctionalInterface
  public interface Work {
    void run() throws Exception;
  }

  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

  /**
   * Does {@code work}, then hands its result, or what it threw, to the JavaFX thread. Any thread.
   *
   * @return cancelling it with {@code true} interrupts the work; nothing is handed over then
   */
  public <T> Future<?> call(Callable<T> work, Consumer<T> done, Consumer<Throwable> failed) {
    try {
      return threads.submit(
          () -> {
            try {
              T result = work.call();
              FxThread.run(() -> done.accept(result));
            } catch (Exception | LinkageError e) {
              FxThread.run(() -> failed.accept(e));
            }
          });
    } catch (RejectedExecutionException e) {
      LOG.debug("The desktop is closing; a task was not begun", e);
      return CompletableFuture.completedFuture(null);
    }
  }

  /** Does {@code work}, then runs {@code done} on the JavaFX thread. Any thread. */
  public Future<?> run(Work work, Runnable done, Consumer<Throwable> failed) {
    return call(
        () -> {
          work.run();
          return true;
        },
        _ -> done.run(),
        failed);
  }

  /** Interrupts what is under way. */
  @Override
  public void close() {
    threads.shutdownNow();
  }
}
