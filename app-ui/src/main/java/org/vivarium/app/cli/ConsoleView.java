package org.vivarium.app.cli;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.vivarium.vmm.client.MachineConnection.ConsoleConnection;

/**
 * Copies what a console shows to a stream: all since the first byte, or, of what it has shown
 * before, the last lines only.
 *
 * <p>A console does not tell where the past ends. It comes at once, though, so the first pause is
 * taken for its end.
 */
final class ConsoleView {
  /** Stands for all that was shown before. */
  static final int ALL = -1;

  private static final long PAUSE_MILLIS = 200;

  /** A guest that never pauses is shown from then on. */
  private static final int MOST_PAUSES = 10;

  private static final int MOST_HELD = 1 << 20;

  private final OutputStream out;
  private final int lines;
  private ByteArrayOutputStream held = new ByteArrayOutputStream();
  private boolean arrived;
  private boolean holding;

  /**
   * @param lines how many of the lines shown before, or {@link #ALL}
   */
  ConsoleView(OutputStream out, int lines) {
    this.out = out;
    this.lines = lines;
    this.holding = lines != ALL;
  }

  /** Copies until the machine has ended or the connection is closed. */
  void show(ConsoleConnection console) throws IOException {
    byte[] buffer = new byte[8192];
    CountDownLatch over = new CountDownLatch(1);
    if (holding) {
      Thread.ofVirtual().start(() -> releaseAtAPause(over));
    }
    try {
      for (int length = console.read(buffer, 0, buffer.length);
          length >= 0;
          length = console.read(buffer, 0, buffer.length)) {
        take(buffer, length);
      }
    } finally {
      over.countDown();
      release();
    }
  }

  private synchronized void take(byte[] bytes, int length) throws IOException {
    if (!holding) {
      out.write(bytes, 0, length);
      out.flush();
      return;
    }
    arrived = true;
    held.write(bytes, 0, length);
    if (held.size() > MOST_HELD) {
      byte[] all = held.toByteArray();
      held = new ByteArrayOutputStream();
      held.write(all, all.length - MOST_HELD / 2, MOST_HELD / 2);
    }
  }

  private void releaseAtAPause(CountDownLatch over) {
    try {
      int pauses = 0;
      while (!over.await(PAUSE_MILLIS, TimeUnit.MILLISECONDS)) {
        pauses++;
        if (!hasArrived() || pauses == MOST_PAUSES) {
          release();
          return;
        }
      }
    } catch (IOException | InterruptedException _) {
      // The reader meets the same, and says so.
      return;
    }
  }

  private synchronized boolean hasArrived() {
    boolean was = arrived;
    arrived = false;
    return was;
  }

  private synchronized void release() throws IOException {
    if (holding) {
      holding = false;
      out.write(lastLines(held.toByteArray(), lines));
      out.flush();
    }
  }

  /** The last lines of a text; one without an end, such as a prompt, counts. */
  static byte[] lastLines(byte[] text, int lines) {
    int left = lines;
    int from = text.length;
    while (from > 0 && left > 0) {
      from--;
      while (from > 0 && text[from - 1] != '\n') {
        from--;
      }
      left--;
    }
    return Arrays.copyOfRange(text, from, text.length);
  }
}
