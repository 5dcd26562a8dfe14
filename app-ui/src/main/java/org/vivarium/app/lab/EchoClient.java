package org.vivarium.app.lab;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.StandardSocketOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.vivarium.app.bench.BenchException;
import org.vivarium.app.bench.Samples;

/**
 * Speaks TCP with a server that sends back all that it gets.
 *
 * @param address where it listens
 */
record EchoClient(InetSocketAddress address) {
  /** Round trips whose median counts. */
  static final int TRIPS = 200;

  /** For so long it is sent what goes there and back: neither too little nor too much anywhere. */
  static final Duration SENDING = Duration.ofSeconds(1);

  /**
   * So much is on its way at most. More would fill every buffer between the two ends, and a slow
   * guest's receive window would stay closed for longer than passt of 2023 bears: it was seen to
   * reset a connection after 17 s of that.
   */
  static final int IN_FLIGHT = 1 << 18;

  private static final int CHUNK = 1 << 14;

  private static final int TIMEOUT_MILLIS = 60_000;
  private static final Duration PAUSE = Duration.ofMillis(200);

  /**
   * Waits until the server answers.
   *
   * @param lives whether there is still somebody to wait for
   */
  static EchoClient await(InetSocketAddress address, Duration patience, BooleanSupplier lives)
      throws BenchException, InterruptedException {
    EchoClient client = new EchoClient(address);
    long end = System.nanoTime() + patience.toNanos();
    while (true) {
      try (Socket socket = client.open(2000)) {
        client.trip(socket);
        return client;
      } catch (IOException e) {
        if (!lives.getAsBoolean()) {
          throw new BenchException("The workload ended before its port answered.", e);
        }
        if (System.nanoTime() - end > 0) {
          throw new BenchException(
              "The workload's port does not answer within %d s: %s."
                  .formatted(patience.toSeconds(), e.getMessage()),
              e);
        }
        Thread.sleep(PAUSE);
      }
    }
  }

  private Socket open(int timeoutMillis) throws IOException {
    Socket socket = new Socket();
    try {
      socket.setOption(StandardSocketOptions.TCP_NODELAY, true);
      socket.setSoTimeout(timeoutMillis);
      socket.connect(address, timeoutMillis);
      return socket;
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  private void trip(Socket socket) throws IOException {
    socket.getOutputStream().write('x');
    if (socket.getInputStream().read() < 0) {
      throw new EOFException("the connection was closed");
    }
  }

  /** Milliseconds that one byte takes there and back, the median. */
  double latency() throws BenchException {
    try (Socket socket = open(TIMEOUT_MILLIS)) {
      trip(socket);
      List<Double> times = new ArrayList<>();
      for (int i = 0; i < TRIPS; i++) {
        long begun = System.nanoTime();
        trip(socket);
        times.add((System.nanoTime() - begun) / 1e6);
      }
      return new Samples(times).median();
    } catch (IOException e) {
      throw broken(e);
    }
  }

  /** MiB a second that go there and, at the same time, back. */
  double throughput() throws BenchException {
    try (Socket socket = open(TIMEOUT_MILLIS)) {
      trip(socket);
      long begun = System.nanoTime();
      // All that will have been sent, once that is settled: before the last of it is.
      AtomicLong all = new AtomicLong(Long.MAX_VALUE);
      Semaphore room = new Semaphore(IN_FLIGHT / CHUNK);
      Thread writer =
          Thread.ofPlatform().name("lab echo").start(() -> send(socket, begun, room, all));
      long got = 0;
      try {
        InputStream in = socket.getInputStream();
        byte[] buffer = new byte[IN_FLIGHT];
        while (got < all.get()) {
          int n = in.read(buffer);
          if (n < 0) {
            throw new EOFException("the connection was closed");
          }
          room.release((int) ((got + n) / CHUNK - got / CHUNK));
          got += n;
        }
      } finally {
        writer.interrupt();
      }
      double seconds = (System.nanoTime() - begun) / 1e9;
      writer.join();
      return got / Disk.MIB / seconds;
    } catch (IOException e) {
      throw broken(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new BenchException("The measurement was interrupted.", e);
    }
  }

  /** A connection that breaks shows at its other end. */
  private static void send(Socket socket, long begun, Semaphore room, AtomicLong all) {
    byte[] buffer = new byte[CHUNK];
    try {
      for (long sent = CHUNK; sent <= all.get(); sent += CHUNK) {
        room.acquire();
        if (System.nanoTime() - begun > SENDING.toNanos()) {
          all.set(sent);
        }
        socket.getOutputStream().write(buffer);
      }
    } catch (IOException | InterruptedException e) {
      return;
    }
  }

  private static BenchException broken(IOException e) {
    return new BenchException("The connection to the workload broke: " + e.getMessage() + ".", e);
  }
}
