package org.vivarium.vmm.process;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.vivarium.vmm.LazyLogger;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.store.HostErrors;

/**
 * Listens on a Unix socket that only its owner may use (mode 0600) and gives each client a thread.
 * Closing ends every session. Any thread may close it.
 */
final class SocketServer implements AutoCloseable {
  /** Clients served at once; more are turned away. */
  static final int MAX_CLIENTS = 64;

  private static final LazyLogger LOG = LazyLogger.of(SocketServer.class);
  private static final long NO_DESCRIPTORS_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  /** Serves one client. */
  @FunctionalInterface
  interface Session {
    /** Serves it until it leaves; the channel is closed after that. */
    void serve(SocketChannel client) throws IOException;
  }

  private final String name;
  private final ServerSocketChannel listener;
  private final Session session;
  private final Set<SocketChannel> clients = ConcurrentHashMap.newKeySet();
  private volatile boolean closed;

  private SocketServer(String name, ServerSocketChannel listener, Session session) {
    this.name = name;
    this.listener = listener;
    this.session = session;
  }

  /**
   * Begins to listen.
   *
   * @param name for threads
   * @throws VmmException if the host refuses
   */
  static SocketServer listen(Path socket, String name, Session session) throws VmmException {
    try {
      ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
      listener.bind(UnixDomainSocketAddress.of(socket), MAX_CLIENTS);
      Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-------"));
      SocketServer server = new SocketServer(name, listener, session);
      Thread.ofPlatform().name(name).daemon().start(server::accept);
      return server;
    } catch (IOException e) {
      throw HostErrors.refusal("The socket %s cannot be made".formatted(socket), e);
    }
  }

  private void accept() {
    while (!closed) {
      try {
        SocketChannel client = listener.accept();
        clients.add(client);
        if (closed || clients.size() > MAX_CLIENTS) {
          drop(client);
        } else {
          Thread.ofPlatform().name(name + " client").daemon().start(() -> serve(client));
        }
      } catch (IOException e) {
        if (!closed) {
          LOG.debug("{} could not accept", name, e);
          LockSupport.parkNanos(NO_DESCRIPTORS_NANOS);
        }
      } catch (OutOfMemoryError e) {
        // The host gives no more threads: whoever asks now is turned away.
        LOG.warn("{} could not serve a client", name, e);
      }
    }
  }

  private void serve(SocketChannel client) {
    try {
      session.serve(client);
    } catch (IOException e) {
      LOG.debug("{}: a client has gone", name, e);
    } catch (RuntimeException e) {
      LOG.warn("{}: a session failed", name, e);
    } finally {
      drop(client);
    }
  }

  private void drop(SocketChannel client) {
    clients.remove(client);
    close(client);
  }

  /** Waits for the sessions to end by themselves, but not for long. */
  void awaitSessions(long millis) {
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
    while (!clients.isEmpty() && System.nanoTime() - end < 0) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
    }
  }

  /** Closes a client's channel, which ends its session. */
  static void close(SocketChannel client) {
    try {
      client.close();
    } catch (IOException e) {
      LOG.debug("A client was not closed", e);
    }
  }

  @Override
  public void close() {
    closed = true;
    try {
      listener.close();
    } catch (IOException e) {
      LOG.debug("{} was not closed", name, e);
    }
    clients.forEach(SocketServer::close);
  }
}
