package org.vivarium.devices.virtio.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.vivarium.devices.virtio.transport.EpollLoop;
import org.vivarium.kvm.ThreadFilter;

/** Passt by way of the broker; without a passt, tests that need one are reported as skipped. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class PasstBrokerTest {
  @TempDir Path scratch;
  private Path folder;
  private Process shell;
  private EpollLoop loop;

  private static final PasstBackend.Listener SILENT =
      new PasstBackend.Listener() {
        @Override
        public void networkDown(String why) {}

        @Override
        public void networkUp() {}
      };

  @BeforeEach
  void serve() throws IOException {
    folder = Files.createDirectory(scratch.resolve("broker"));
    shell = PasstBroker.serve(folder, List.of("net0", "net.1"));
    loop = EpollLoop.start("test-io", ThreadFilter.Kind.DEVICES, (_, _) -> {});
  }

  @AfterEach
  void end() {
    loop.close();
    shell.destroyForcibly();
  }

  private static void requirePasst() {
    assumeTrue(
        Arrays.stream(System.getenv("PATH").split(File.pathSeparator, -1))
            .anyMatch(entry -> Files.isExecutable(Path.of(entry, "passt"))),
        "passt is not installed");
  }

  private static List<PasstForward> forward(int port) {
    return List.of(new PasstForward(PasstForward.Protocol.TCP, "127.0.0.1", port, 22));
  }

  private PasstBackend start(PasstBroker broker, int port) throws Exception {
    PasstOptions options = PasstOptions.of(Path.of("net.1"), forward(port));
    return PasstBackend.start("net.1", options, broker, loop, SILENT);
  }

  @Test
  void passtIsStartedReplacedAndEnded() throws Exception {
    requirePasst();
    int first = freePort();
    int second = freePort();
    try (PasstBroker broker = PasstBroker.connect(folder)) {
      PasstBackend backend = start(broker, first);
      connect(first);
      backend.setForwards(forward(second));
      connect(second);
      assertThrows(IOException.class, () -> connect(first));

      try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
        IOException refusal =
            assertThrows(
                IOException.class, () -> backend.setForwards(forward(taken.getLocalPort())));
        assertTrue(
            String.valueOf(refusal.getMessage()).contains("Failed to bind any port for"),
            refusal.getMessage());
      }
      connect(second);
      backend.stop();
      backend.close();
      assertThrows(IOException.class, () -> connect(second));
    }
    assertTrue(shell.waitFor(30, TimeUnit.SECONDS));
    assertFalse(Files.exists(folder));
  }

  @Test
  void deathOfWhoAsksEndsEverything() throws Exception {
    requirePasst();
    int port = freePort();
    try (PasstBroker broker = PasstBroker.connect(folder)) {
      start(broker, port);
      connect(port);
    }

    assertTrue(shell.waitFor(30, TimeUnit.SECONDS));

    assertFalse(Files.exists(folder));
    // Passt was told to end as well.
    IOException gone = null;
    while (gone == null) {
      try {
        connect(port);
      } catch (IOException e) {
        gone = e;
      }
    }
  }

  @Test
  void lineThatIsNotARequestStartsNothing() throws Exception {
    try (PasstBroker broker = PasstBroker.connect(folder)) {
      Path ask = folder.resolve("ask");
      Path evil = scratch.resolve("evil");
      for (String line :
          List.of(
              "net0 -P " + evil,
              "net0 -m 1500 --pcap " + evil,
              "net0 -t 22;touch${IFS}" + evil,
              "net0 -t $(touch " + evil + ")",
              "net0 -m `touch " + evil + "`",
              "../evil -m 1500",
              "* -m 1500",
              "; touch " + evil,
              "ask -m 1500",
              "net0 -t")) {
        Files.writeString(ask, line + "\n", StandardOpenOption.WRITE);
      }
      try (Stream<Path> files = Files.list(folder)) {
        assertEquals(
            List.of("ask", "pipe-net.1", "pipe-net0"),
            files.map(file -> file.getFileName().toString()).sorted().toList());
      }
      assertEquals(0, shell.descendants().filter(child -> isPasst(child)).count());
      assertTrue(shell.isAlive());
      assertFalse(Files.exists(evil), broker.toString());
    }
    assertTrue(shell.waitFor(30, TimeUnit.SECONDS));
    assertFalse(Files.exists(scratch.resolve("evil")));
  }

  private static boolean isPasst(ProcessHandle process) {
    return process.info().command().orElse("").contains("passt");
  }

  private static int freePort() throws IOException {
    try (ServerSocket probe = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return probe.getLocalPort();
    }
  }

  private static void connect(int port) throws IOException {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 5_000);
    }
  }
}
