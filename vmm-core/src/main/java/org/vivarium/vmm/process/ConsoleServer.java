package org.vivarium.vmm.process;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.vivarium.vmm.LazyLogger;
import org.vivarium.vmm.VmmException;

/**
 * A console's socket: each client is a viewer that reads all that the console has shown since its
 * first byte and then what it shows, as bare bytes, and types what it writes. A viewer that stops
 * writing leaves when it has read what there is.
 */
final class ConsoleServer implements AutoCloseable {
  /** Where typed bytes go. */
  @FunctionalInterface
  interface Keyboard {
    /**
     * Types.
     *
     * @return bytes taken, 0 if the guest takes none now
     */
    int type(byte[] bytes, int offset, int length);
  }

  private static final LazyLogger LOG = LazyLogger.of(ConsoleServer.class);
  private static final int CHUNK = 16 << 10;
  private static final long GUEST_BUSY_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

  private final String name;
  private final ConsoleLog log;
  private final Keyboard keyboard;
  private final SocketServer server;
  private volatile boolean closed;

  private ConsoleServer(Path socket, String name, ConsoleLog log, Keyboard keyboard)
      throws VmmException {
    this.name = name;
    this.log = log;
    this.keyboard = keyboard;
    this.server = SocketServer.listen(socket, name, this::show);
  }

  /**
   * Begins to serve.
   *
   * @param name for threads
   */
  static ConsoleServer listen(Path socket, String name, ConsoleLog log, Keyboard keyboard)
      throws VmmException {
    return new ConsoleServer(socket, name, log, keyboard);
  }

  private void show(SocketChannel viewer) throws IOException {
    ConsoleLog.Reader reader = log.reader();
    Thread.ofPlatform().name(name + " keys").daemon().start(() -> type(viewer, reader));
    byte[] chunk = new byte[CHUNK];
    try {
      for (int n = reader.read(chunk); n >= 0; n = reader.read(chunk)) {
        ByteBuffer rest = ByteBuffer.wrap(chunk, 0, n);
        while (rest.hasRemaining()) {
          viewer.write(rest);
        }
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  private void type(SocketChannel viewer, ConsoleLog.Reader reader) {
    byte[] typed = new byte[1 << 10];
    try {
      for (int n = viewer.read(ByteBuffer.wrap(typed));
          n >= 0;
          n = viewer.read(ByteBuffer.wrap(typed))) {
        int taken = 0;
        while (taken < n && !closed && viewer.isOpen()) {
          int more = keyboard.type(typed, taken, n - taken);
          taken += more;
          if (more == 0) {
            LockSupport.parkNanos(GUEST_BUSY_NANOS);
          }
        }
      }
    } catch (IOException e) {
      LOG.debug("{}: a viewer has gone", name, e);
    } finally {
      reader.leave();
    }
  }

  /** Ends the console: viewers read what is left, for at most {@code millis}. */
  void end(long millis) {
    log.end();
    server.awaitSessions(millis);
    close();
  }

  @Override
  public void close() {
    closed = true;
    server.close();
  }
}
