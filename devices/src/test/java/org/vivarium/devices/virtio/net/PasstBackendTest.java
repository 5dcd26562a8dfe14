package org.vivarium.devices.virtio.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.vivarium.devices.virtio.transport.EpollLoop;
import org.vivarium.kvm.ThreadFilter;

/** The passt of this computer; without one, the tests that need it are reported as skipped. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class PasstBackendTest {
  private static final byte[] MAC = {2, 0, 0, 0, 0, 1};
  private static final int UDP_PAYLOAD = 14 + 20 + 8;
  private static final byte DHCP_OFFER = 2;

  @TempDir Path folder;
  private final BlockingQueue<String> heard = new LinkedBlockingQueue<>();
  private final BlockingQueue<byte[]> frames = new LinkedBlockingQueue<>();
  private final BlockingQueue<Boolean> carriers = new LinkedBlockingQueue<>();
  private EpollLoop loop;
  private @Nullable PasstBackend started;

  private final PasstBackend.Listener listener =
      new PasstBackend.Listener() {
        @Override
        public void networkDown(String why) {
          heard.add("down: " + why);
        }

        @Override
        public void networkUp() {
          heard.add("up");
        }
      };

  @BeforeEach
  void startLoop() throws IOException {
    loop =
        EpollLoop.start(
            "test-io", ThreadFilter.Kind.DEVICES, (thread, error) -> heard.add("crash: " + error));
  }

  @AfterEach
  void close() {
    if (started != null) {
      started.stop();
      started.close();
    }
    loop.close();
  }

  @Test
  void missingProgramIsOneSentenceWithARemedy() {
    PasstOptions options =
        new PasstOptions(folder.resolve("no-passt"), folder.resolve("s"), List.of(), 1500);

    IOException refusal =
        assertThrows(IOException.class, () -> PasstBackend.start("net0", options, loop, listener));

    assertEquals(
        "Cannot start "
            + folder.resolve("no-passt")
            + " for the user network; install the package passt or choose another network.",
        refusal.getMessage());
  }

  @Test
  void programThatFailsAtOnceHasTheLastWord() throws IOException {
    Path script = folder.resolve("failing");
    Files.writeString(
        script,
        "#!/bin/sh\necho 'No room' >&2\necho 'Failed to send 1 bytes to syslog' >&2\nexit 3\n");
    Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwx------"));
    PasstOptions options = new PasstOptions(script, folder.resolve("s"), List.of(), 1500);

    IOException refusal =
        assertThrows(IOException.class, () -> PasstBackend.start("net0", options, loop, listener));

    assertEquals(
        "Cannot start the user network: Passt ended with status 3: No room.", refusal.getMessage());
  }

  @Test
  void commandLineHasForwardsOfBothProtocols() {
    PasstOptions options =
        PasstOptions.of(
            Path.of("/run/s"),
            List.of(
                new PasstForward(PasstForward.Protocol.TCP, "127.0.0.1", 2222, 22),
                new PasstForward(PasstForward.Protocol.TCP, "::1", 8080, 80)));

    assertEquals(
        "passt -f -q -e -1 -s /run/s -m 32750 -t 127.0.0.1/2222:22 -t ::1/8080:80 -u none",
        String.join(" ", options.command(false)));
    assertTrue(String.join(" ", options.command(true)).contains("--runas 0:0"));
    assertThrows(
        IllegalArgumentException.class,
        () -> new PasstForward(PasstForward.Protocol.TCP, "-P/etc/passwd", 1, 1));
    assertThrows(
        IllegalArgumentException.class,
        () -> new PasstForward(PasstForward.Protocol.UDP, "127.0.0.1", 0, 1));
    assertThrows(
        IllegalArgumentException.class,
        () -> PasstOptions.of(Path.of("/" + "x".repeat(108)), List.of()));
  }

  @Test
  void dhcpDiscoverIsOfferedAnAddress() throws Exception {
    PasstBackend backend = startPasst(List.of());

    send(backend, dhcpDiscover());

    byte[] offer = awaitFrame(frame -> isUdpTo(frame, 68));
    assertEquals(2, offer[UDP_PAYLOAD]);
    assertEquals(DHCP_OFFER, dhcpOption(offer, 53));
  }

  @Test
  void killedPasstTakesTheLinkDownAndComesBack() throws Exception {
    PasstBackend backend = startPasst(List.of());
    long first = backend.pid().orElseThrow();

    ProcessHandle.of(first).orElseThrow().destroyForcibly();

    assertEquals("down: Passt ended with status 137.", heard.take());
    assertFalse(carriers.take());
    assertEquals("up", heard.take());
    assertTrue(carriers.take());
    assertNotEquals(first, backend.pid().orElseThrow());
    send(backend, dhcpDiscover());
    assertEquals(DHCP_OFFER, dhcpOption(awaitFrame(frame -> isUdpTo(frame, 68)), 53));
  }

  /** A guest drops a TCP segment in a frame that is not addressed to it. */
  @Test
  void newPasstKnowsTheAddressOfAGuestThatSaysNothing() throws Exception {
    int port = freePort();
    PasstBackend backend = startPasst(List.of());
    send(backend, dhcpDiscover());
    awaitFrame(frame -> isUdpTo(frame, 68));

    backend.setForwards(
        List.of(new PasstForward(PasstForward.Protocol.TCP, "127.0.0.1", port, 22)));

    // Passt may look at the caller before it looks at what it was told.
    byte[] segment = new byte[0];
    for (int attempt = 0; attempt < 20 && !isTo(MAC, segment); attempt++) {
      connect(port);
      segment = awaitFrame(frame -> isTcpTo(frame, 22));
    }
    assertTrue(isTo(MAC, segment));
  }

  @Test
  void forwardsAreReplacedAndTheLinkStaysUp() throws Exception {
    int port = freePort();
    PasstBackend backend = startPasst(List.of());
    assertThrows(IOException.class, () -> connect(port));

    backend.setForwards(
        List.of(new PasstForward(PasstForward.Protocol.TCP, "127.0.0.1", port, 22)));
    connect(port);
    backend.setForwards(List.of());

    assertThrows(IOException.class, () -> connect(port));
    assertEquals(0, heard.size());
    assertEquals(0, carriers.size());
  }

  @Test
  void forwardThatIsTakenIsRefusedAndTheOldOnesHold() throws Exception {
    int port = freePort();
    PasstBackend backend =
        startPasst(List.of(new PasstForward(PasstForward.Protocol.TCP, "127.0.0.1", port, 22)));
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      List<PasstForward> wanted =
          List.of(
              new PasstForward(PasstForward.Protocol.TCP, "127.0.0.1", taken.getLocalPort(), 22));

      IOException refusal = assertThrows(IOException.class, () -> backend.setForwards(wanted));

      String sentence = String.valueOf(refusal.getMessage());
      assertTrue(sentence.contains("Failed to bind any port for '-t 127.0.0.1/"), sentence);
    }
    connect(port);
    assertEquals(0, heard.size());
  }

  @Test
  void closingEndsPasst() throws Exception {
    PasstBackend backend = startPasst(List.of());
    ProcessHandle passt = ProcessHandle.of(backend.pid().orElseThrow()).orElseThrow();

    backend.close();

    assertFalse(passt.isAlive());
    assertTrue(backend.pid().isEmpty());
    assertThrows(IOException.class, () -> backend.setForwards(List.of()));
  }

  private PasstBackend startPasst(List<PasstForward> forwards) throws Exception {
    boolean installed =
        Arrays.stream(System.getenv("PATH").split(File.pathSeparator, -1))
            .anyMatch(entry -> Files.isExecutable(Path.of(entry, "passt")));
    assumeTrue(installed, "passt is not installed");
    PasstBackend backend =
        PasstBackend.start(
            "net0", PasstOptions.of(folder.resolve("passt.sock"), forwards), loop, listener);
    started = backend;
    loop.execute(() -> backend.start(new Frames(backend), backend.offloads()));
    return backend;
  }

  /** Takes every frame that comes, on the loop. */
  private final class Frames implements NetBackend.Events {
    private final PasstBackend backend;
    private final NetHeader header = new NetHeader();
    private final ByteBuffer frame = ByteBuffer.allocateDirect(NetHeader.MAX_FRAME);

    Frames(PasstBackend backend) {
      this.backend = backend;
    }

    @Override
    public void receiveReady() {
      for (int n = next(); n > 0; n = next()) {
        byte[] copy = new byte[n];
        frame.get(0, copy);
        assertEquals(NetHeader.DATA_VALID, header.flags());
        frames.add(copy);
      }
    }

    private int next() {
      frame.clear();
      return backend.receive(header, frame);
    }

    @Override
    public void sendReady() {}

    @Override
    public void carrierChanged() {
      carriers.add(backend.carrier());
    }
  }

  private void send(PasstBackend backend, ByteBuffer frame) {
    loop.execute(
        () -> {
          backend.send(new NetHeader(), frame);
          backend.flush();
        });
  }

  private interface FrameFilter {
    boolean matches(byte[] frame);
  }

  private byte[] awaitFrame(FrameFilter filter) throws InterruptedException {
    byte[] frame = frames.take();
    while (!filter.matches(frame)) {
      frame = frames.take();
    }
    assertNotNull(frame);
    return frame;
  }

  private static boolean isUdpTo(byte[] frame, int port) {
    ByteBuffer in = ByteBuffer.wrap(frame);
    return frame.length > UDP_PAYLOAD
        && in.getShort(12) == 0x0800
        && in.get(23) == 17
        && in.getShort(36) == port;
  }

  private static boolean isTo(byte[] address, byte[] frame) {
    return frame.length > address.length
        && Arrays.equals(address, 0, address.length, frame, 0, address.length);
  }

  private static boolean isTcpTo(byte[] frame, int port) {
    ByteBuffer in = ByteBuffer.wrap(frame);
    return frame.length >= UDP_PAYLOAD
        && in.getShort(12) == 0x0800
        && in.get(23) == 6
        && in.getShort(36) == port;
  }

  private static byte dhcpOption(byte[] frame, int wanted) {
    int at = UDP_PAYLOAD + 240;
    while (frame[at] != wanted) {
      at += 2 + frame[at + 1];
    }
    return frame[at + 2];
  }

  /** RFC 2131, 4.4.1, broadcast from 0.0.0.0. */
  private static ByteBuffer dhcpDiscover() {
    int dhcp = 244;
    ByteBuffer out = ByteBuffer.allocateDirect(UDP_PAYLOAD + dhcp);
    out.put(new byte[] {-1, -1, -1, -1, -1, -1}).put(MAC).putShort((short) 0x0800);
    out.put(new byte[] {0x45, 0}).putShort((short) (28 + dhcp)).putInt(0);
    out.put(new byte[] {64, 17}).putShort((short) 0).putInt(0).putInt(-1);
    int sum = 0;
    for (int i = 14; i < 34; i += 2) {
      sum += out.getShort(i) & 0xFFFF;
    }
    out.putShort(24, (short) ~((sum & 0xFFFF) + (sum >>> 16)));
    out.putShort((short) 68).putShort((short) 67);
    out.putShort((short) (8 + dhcp)).putShort((short) 0);
    out.put(new byte[] {1, 1, 6, 0}).putInt(0x1234).putInt(0x0000_8000);
    out.position(UDP_PAYLOAD + 28).put(MAC);
    out.position(UDP_PAYLOAD + 236).putInt(0x6382_5363).put(new byte[] {53, 1, 1, -1});
    return out.flip();
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
