package org.vivarium.vmm;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * What is done when this process is told to end (SIGINT, SIGTERM, SIGHUP) before it was closed. To
 * be closed by who has done it himself, or need not do it any more.
 *
 * <p>The processes that run commands and machines register their hooks here, so that {@link #exit}
 * knows whether there are any.
 */
public final class ExitHook implements AutoCloseable {
  /** Those that are not closed. */
  private static final AtomicInteger OPEN = new AtomicInteger();

  private final Thread thread;

  private ExitHook(Thread thread) {
    this.thread = thread;
  }

  /**
   * Registers one.
   *
   * @param name of the thread that it runs on
   * @param action ends by itself, soon: the process waits for it
   * @throws IllegalStateException if the process is ending already
   */
  public static ExitHook add(String name, Runnable action) {
    ExitHook hook = new ExitHook(Thread.ofPlatform().name(name).unstarted(action));
    Runtime.getRuntime().addShutdownHook(hook.thread);
    OPEN.incrementAndGet();
    return hook;
  }

  /** Any thread, any number of times. Once the process is ending, the hook runs all the same. */
  @Override
  public void close() {
    try {
      if (Runtime.getRuntime().removeShutdownHook(thread)) {
        OPEN.decrementAndGet();
      }
    } catch (IllegalStateException _) {
      // The process is ending, and the hook at work: exit() waits for it.
      return;
    }
  }

  /**
   * Ends this process. Without a hook it ends at once: {@link System#exit} would first ask for the
   * logger that tells of exits, for which the JDK opens every jar of the class path, a tenth of a
   * short command's time.
   *
   * @param status of the process, 0 to 255
   */
  public static void exit(int status) {
    System.out.flush();
    System.err.flush();
    if (OPEN.get() == 0) {
      Runtime.getRuntime().halt(status);
    }
    System.exit(status);
  }
}
