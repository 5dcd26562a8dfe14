package org.vivarium.app.bench.net;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.vivarium.app.bench.BenchException;

/** The host's end of the streams: ports on the address that the cable leads guests to. */
final class NetPeer implements AutoCloseable {
  private static final int BUFFER_BYTES = 1 << 18;
  private static final int LOWEST = 20_000;
  private static final int HIGHEST = 32_000;

  private final List<ServerSocket> servers = new ArrayList<>();
  private final Map<NetLoad.Kind, Integer> firstPorts = new EnumMap<>(NetLoad.Kind.class);

  /**
   * Opens ports of each kind and serves them.
   *
   * @param host the host's address for guests
   * @throws BenchException if this computer has no free ones
   */
  NetPeer(InetAddress host) throws BenchException {
    int port = LOWEST;
    for (NetLoad.Kind kind : NetLoad.Kind.values()) {
      List<ServerSocket> row = List.of();
      while (row.isEmpty() && port < HIGHEST) {
        row = row(host, port);
        port += NetLoad.STREAMS;
      }
      if (row.isEmpty()) {
        close();
        throw new BenchException("There are no free ports on " + host.getHostAddress() + ".");
      }
      servers.addAll(row);
      firstPorts.put(kind, row.getFirst().getLocalPort());
      row.forEach(server -> start(() -> accept(server, kind)));
    }
  }

  /** The first of {@link NetLoad#STREAMS} ports of that kind. */
  int firstPort(NetLoad.Kind kind) {
    return firstPorts.getOrDefault(kind, 0);
  }

  /** Neighbouring ports from one on, or none if any of them is taken. */
  private static List<ServerSocket> row(InetAddress host, int first) {
    List<ServerSocket> row = new ArrayList<>();
    try {
      for (int i = 0; i < NetLoad.STREAMS; i++) {
        row.add(new ServerSocket(first + i, NetLoad.STREAMS, host));
      }
      return row;
    } catch (IOException e) {
      row.forEach(NetPeer::close);
      return List.of();
    }
  }

  private static void start(Runnable work) {
    Thread.ofPlatform().name("bench peer").daemon().start(work);
  }

  private static void accept(ServerSocket server, NetLoad.Kind kind) {
    while (!server.isClosed()) {
      try {
        Socket socket = server.accept();
        start(() -> serve(socket, kind));
      } catch (IOException e) {
        // The port was closed, at the end of the measurement.
        return;
      }
    }
  }

  private static void serve(Socket socket, NetLoad.Kind kind) {
    byte[] buffer = new byte[BUFFER_BYTES];
    try (socket) {
      socket.setTcpNoDelay(true);
      int n = kind == NetLoad.Kind.SOURCE ? buffer.length : socket.getInputStream().read(buffer);
      while (n >= 0) {
        if (kind != NetLoad.Kind.SINK) {
          socket.getOutputStream().write(buffer, 0, n);
        }
        if (kind != NetLoad.Kind.SOURCE) {
          n = socket.getInputStream().read(buffer);
        }
      }
    } catch (IOException e) {
      // The guest has enough: it ends a stream of the host's by closing it.
      return;
    }
  }

  private static void close(ServerSocket server) {
    try {
      server.close();
    } catch (IOException e) {
      throw new IllegalStateException("A port cannot be closed", e);
    }
  }

  @Override
  public void close() {
    servers.forEach(NetPeer::close);
  }
}
