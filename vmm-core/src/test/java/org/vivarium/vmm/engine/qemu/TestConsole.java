package org.vivarium.vmm.engine.qemu;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import org.vivarium.vmm.engine.ConsoleOutput;
import org.vivarium.vmm.engine.VirtualMachine;

/** A person at the console: reads until a text appears, and types. */
public final class TestConsole implements ConsoleOutput {
  private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
  private int read;

  @Override
  public synchronized void write(byte[] bytes, int offset, int length) {
    printed.write(bytes, offset, length);
    notifyAll();
  }

  /** All that was printed so far, a character for a byte. */
  public synchronized String text() {
    return printed.toString(StandardCharsets.ISO_8859_1);
  }

  /** Waits for the text, after what earlier calls read; whatever comes after it is not read yet. */
  public synchronized String readTo(String text, Duration patience) throws InterruptedException {
    long end = System.nanoTime() + patience.toNanos();
    while (true) {
      String all = text();
      int found = all.indexOf(text, read);
      if (found >= 0) {
        String before = all.substring(read, found);
        read = found + text.length();
        return before;
      }
      long left = (end - System.nanoTime()) / 1_000_000;
      if (left <= 0) {
        throw new AssertionError("'%s' did not appear; unread: %s".formatted(text, tail(all)));
      }
      wait(left);
    }
  }

  private String tail(String all) {
    return all.substring(Math.max(read, all.length() - 2000));
  }

  /** Types a line, waiting while the machine takes no more. */
  public static void type(VirtualMachine machine, String line) {
    byte[] bytes = (line + "\n").getBytes(StandardCharsets.ISO_8859_1);
    int typed = 0;
    while (typed < bytes.length && !machine.state().isEnd()) {
      int taken = machine.input(bytes, typed, bytes.length - typed);
      typed += taken;
      if (taken == 0) {
        LockSupport.parkNanos(1_000_000);
      }
    }
  }
}
