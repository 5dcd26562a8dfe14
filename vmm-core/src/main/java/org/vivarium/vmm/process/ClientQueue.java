package org.vivarium.vmm.process;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The lines on their way to one client: bounded, so that a client which does not read costs no more
 * than that and is then dropped. Any thread may offer; one thread runs {@link #run}.
 */
final class ClientQueue implements Runnable {
  /** Bytes that may wait for a client. */
  static final int MAX_WAITING = 1 << 20;

  /** With more than that waiting, its next request waits too. */
  static final int FULL_ENOUGH = 256 << 10;

  private final SocketChannel client;
  private final Queue<byte[]> lines = new ArrayDeque<>();
  private int waiting;
  private boolean last;
  private boolean closed;

  ClientQueue(SocketChannel client) {
    this.client = client;
  }

  /** Adds a line, or drops the client if it has too many unread. Never waits. */
  void offer(String line) {
    byte[] bytes = (line + "\n").getBytes(StandardCharsets.UTF_8);
    boolean drop;
    synchronized (this) {
      drop = !closed && waiting + bytes.length > MAX_WAITING;
      if (!closed && !last && !drop) {
        lines.add(bytes);
        waiting += bytes.length;
        notifyAll();
      }
    }
    if (drop) {
      close();
    }
  }

  /** Waits until the client has read most of what it was sent; whether it is still there. */
  synchronized boolean awaitRoom() throws InterruptedException {
    while (waiting > FULL_ENOUGH && !closed) {
      wait();
    }
    return !closed;
  }

  /** Takes nothing more, and closes the channel when all has been written. */
  synchronized void finish() {
    last = true;
    notifyAll();
  }

  /** Waits until all is written or the client is gone, but not for long. */
  synchronized void awaitWritten(Duration patience) throws InterruptedException {
    long end = System.nanoTime() + patience.toNanos();
    while (waiting > 0 && !closed) {
      long left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
      if (left <= 0) {
        return;
      }
      wait(left);
    }
  }

  /** Writes lines until the client is gone or all is said. */
  @Override
  public void run() {
    try {
      for (byte[] line = next(); line != null; line = next()) {
        ByteBuffer rest = ByteBuffer.wrap(line);
        while (rest.hasRemaining()) {
          client.write(rest);
        }
        written(line.length);
      }
    } catch (IOException _) {
      // The client has gone.
      return;
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } finally {
      close();
    }
  }

  private synchronized byte @Nullable [] next() throws InterruptedException {
    while (lines.isEmpty() && !last && !closed) {
      wait();
    }
    return closed ? null : lines.poll();
  }

  private synchronized void written(int bytes) {
    waiting -= bytes;
    notifyAll();
  }

  private void close() {
    synchronized (this) {
      closed = true;
      lines.clear();
      notifyAll();
    }
    SocketServer.close(client);
  }
}
