package org.vivarium.vmm.engine.qemu;

import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.vivarium.vmm.LazyLogger;
import org.vivarium.vmm.engine.ConsoleOutput;
import org.vivarium.vmm.engine.PanicScanner;

/**
 * What the guest prints, on its way to people: every byte, in order, as fast as the receiver takes
 * it; while that is slow, QEMU's pipe fills and the guest's serial port waits.
 */
final class ConsolePump implements Runnable {
  private static final LazyLogger LOG = LazyLogger.of(ConsolePump.class);
  private static final long NAP = TimeUnit.MILLISECONDS.toNanos(20);

  private static final long SETTLED = TimeUnit.MILLISECONDS.toNanos(50);
  private static final int MOST_SETTLINGS = 20;

  private final InputStream guest;
  private final ConsoleOutput console;
  private final PanicScanner scanner;
  private final Runnable onPanic;
  private boolean panicTold;
  private volatile long printed;

  /**
   * @param onPanic called at most once, on the thread that runs this, when the guest printed a
   *     panic and has been silent since
   */
  ConsolePump(InputStream guest, ConsoleOutput console, PanicScanner scanner, Runnable onPanic) {
    this.guest = guest;
    this.console = console;
    this.scanner = scanner;
    this.onPanic = onPanic;
  }

  /** Bytes that the guest has printed so far. Any thread. */
  long printed() {
    return printed;
  }

  /**
   * Waits until nothing has been printed for a moment: news of a reset overtakes the last bytes,
   * which travel by another way. Gives up after a second.
   */
  void settle() {
    long before = -1;
    for (int i = 0; i < MOST_SETTLINGS && before != printed; i++) {
      before = printed;
      LockSupport.parkNanos(SETTLED);
    }
  }

  @Override
  public void run() {
    byte[] chunk = new byte[64 << 10];
    try {
      for (int n = guest.read(chunk); n > 0; n = guest.read(chunk)) {
        printed += n;
        scanner.scan(chunk, 0, n);
        write(chunk, n);
        if (!panicTold && scanner.isLastWord() && staysSilent()) {
          panicTold = true;
          onPanic.run();
        }
      }
    } catch (IOException e) {
      LOG.debug("The console ended early", e);
    }
  }

  private void write(byte[] chunk, int n) {
    try {
      console.write(chunk, 0, n);
    } catch (RuntimeException e) {
      LOG.warn("The receiver of a machine's console failed and missed {} bytes", n, e);
    }
  }

  private boolean staysSilent() throws IOException {
    long end = System.nanoTime() + PanicScanner.SILENCE.toNanos();
    while (System.nanoTime() - end < 0) {
      if (guest.available() > 0 || Thread.interrupted()) {
        return false;
      }
      LockSupport.parkNanos(NAP);
    }
    return true;
  }
}
