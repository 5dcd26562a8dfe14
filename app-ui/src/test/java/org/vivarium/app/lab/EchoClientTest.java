package org.vivarium.app.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.vivarium.app.bench.BenchException;

@Timeout(60)
class EchoClientTest {
  @SuppressWarnings("NullAway.Init") // by @BeforeEach
  private ServerSocket server;

  private volatile long most = Long.MAX_VALUE;
  private volatile boolean late;
  private volatile int beyond = -1;

  @BeforeEach
  void listen() throws IOException {
    server = new ServerSocket(0, 8, InetAddress.getLoopbackAddress());
    Thread.ofPlatform().daemon().start(this::serve);
  }

  @AfterEach
  void close() throws IOException {
    server.close();
  }

  private void serve() {
    while (!server.isClosed()) {
      try (Socket socket = server.accept()) {
        byte[] buffer = new byte[1 << 14];
        long sent = 0;
        if (late) {
          socket.getOutputStream().write(socket.getInputStream().readNBytes(1));
          byte[] all = socket.getInputStream().readNBytes(EchoClient.IN_FLIGHT);
          beyond = socket.getInputStream().available();
          socket.getOutputStream().write(all);
        }
        for (int n = socket.getInputStream().read(buffer);
            n > 0 && sent < most;
            n = socket.getInputStream().read(buffer)) {
          socket.getOutputStream().write(buffer, 0, n);
          sent += n;
        }
      } catch (IOException e) {
        if (!server.isClosed()) {
          throw new UncheckedIOException(e);
        }
      }
    }
  }

  private InetSocketAddress address() {
    return new InetSocketAddress(server.getInetAddress(), server.getLocalPort());
  }

  @Test
  void aServerThatAnswersIsMeasured() throws Exception {
    EchoClient client = EchoClient.await(address(), Duration.ofSeconds(10), () -> true);

    assertTrue(client.latency() > 0);
    assertTrue(client.throughput() > 0);
  }

  @Test
  void aServerThatAnswersLateIsNotSentMoreThanTheBound() throws Exception {
    late = true;

    assertTrue(new EchoClient(address()).throughput() > 0);

    assertEquals(0, beyond);
  }

  @Test
  void aConnectionThatBreaksIsSaidSo() throws Exception {
    most = 1;
    EchoClient client = new EchoClient(address());

    BenchException broken = assertThrows(BenchException.class, client::throughput);

    assertTrue(broken.getMessage().startsWith("The connection to the workload broke: "));
  }

  @Test
  void aPortThatNobodyAnswersIsSaidSo() throws Exception {
    // Not the server of listen(): until its thread has left accept(), its port still answers.
    ServerSocket closed = new ServerSocket(0, 8, InetAddress.getLoopbackAddress());
    closed.close();
    InetSocketAddress address =
        new InetSocketAddress(closed.getInetAddress(), closed.getLocalPort());

    BenchException silent =
        assertThrows(
            BenchException.class, () -> EchoClient.await(address, Duration.ZERO, () -> true));

    assertTrue(silent.getMessage().startsWith("The workload's port does not answer"));
  }
}
