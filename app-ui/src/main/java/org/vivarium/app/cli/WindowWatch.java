package org.vivarium.app.cli;

import java.util.Optional;
import org.vivarium.kvm.Terminal;
import org.vivarium.vmm.VmmException;

/** Tells a guest's console how large this terminal is, now and whenever that changes. */
final class WindowWatch implements AutoCloseable {
  private static final long CHECK_MILLIS = 500;

  /** Who is to know the size. */
  @FunctionalInterface
  interface Taker {
    /** The terminal has this size, in characters. */
    void resize(int columns, int rows) throws VmmException;
  }

  private final Tty tty;
  private final Taker taker;
  private final Thread thread;

  private WindowWatch(Tty tty, Taker taker) {
    this.tty = tty;
    this.taker = taker;
    this.thread = Thread.ofVirtual().unstarted(this::watch);
  }

  /** Begins to watch, until it is closed. */
  static WindowWatch start(Tty tty, Taker taker) {
    WindowWatch watch = new WindowWatch(tty, taker);
    watch.thread.start();
    return watch;
  }

  /** Java hears no SIGWINCH, so the size is looked at now and then. */
  private void watch() {
    Optional<Terminal.Size> told = Optional.empty();
    try {
      while (!Thread.interrupted()) {
        Optional<Terminal.Size> now = tty.size();
        if (now.isPresent() && !now.equals(told)) {
          taker.resize(now.get().columns(), now.get().rows());
          told = now;
        }
        Thread.sleep(CHECK_MILLIS);
      }
    } catch (VmmException | InterruptedException _) {
      // A console that cannot be told its size, or has ended, is shown all the same.
      return;
    }
  }

  @Override
  public void close() {
    thread.interrupt();
  }
}
