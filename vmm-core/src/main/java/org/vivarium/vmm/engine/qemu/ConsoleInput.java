package org.vivarium.vmm.engine.qemu;

import java.io.IOException;
import java.io.OutputStream;
import org.vivarium.vmm.LazyLogger;

/**
 * What people type, on its way to the guest: a bounded buffer and the loop that empties it into
 * QEMU's standard input, which QEMU reads only as fast as the guest's serial port takes it.
 */
final class ConsoleInput implements Runnable {
  private static final LazyLogger LOG = LazyLogger.of(ConsoleInput.class);

  /** Bytes that wait here at most; the pipe behind holds as many again (pipe(7)). */
  static final int CAPACITY = 16 << 10;

  private final OutputStream guest;
  private final byte[] ring = new byte[CAPACITY];
  private int first;
  private int size;
  private boolean closed;

  /**
   * @param guest unbuffered or flushed; its writes may block
   */
  ConsoleInput(OutputStream guest) {
    this.guest = guest;
  }

  /** Takes as many of the bytes as there is room for; never waits. */
  synchronized int offer(byte[] bytes, int offset, int length) {
    int taken = closed ? 0 : Math.min(length, CAPACITY - size);
    int at = (first + size) % CAPACITY;
    int beforeWrap = Math.min(taken, CAPACITY - at);
    System.arraycopy(bytes, offset, ring, at, beforeWrap);
    System.arraycopy(bytes, offset + beforeWrap, ring, 0, taken - beforeWrap);
    size += taken;
    notifyAll();
    return taken;
  }

  /** Moves bytes until closed or until the guest's end is gone. */
  @Override
  public void run() {
    byte[] chunk = new byte[1 << 10];
    try {
      for (int n = take(chunk); n > 0; n = take(chunk)) {
        guest.write(chunk, 0, n);
        guest.flush();
      }
    } catch (IOException e) {
      LOG.debug("The guest takes no more input", e);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } finally {
      close();
    }
  }

  private synchronized int take(byte[] chunk) throws InterruptedException {
    while (size == 0 && !closed) {
      wait();
    }
    if (closed) {
      return 0;
    }
    int n = Math.min(chunk.length, Math.min(size, CAPACITY - first));
    System.arraycopy(ring, first, chunk, 0, n);
    first = (first + n) % CAPACITY;
    size -= n;
    return n;
  }

  /** Takes nothing more; what waits is dropped. */
  synchronized void close() {
    closed = true;
    notifyAll();
  }
}
