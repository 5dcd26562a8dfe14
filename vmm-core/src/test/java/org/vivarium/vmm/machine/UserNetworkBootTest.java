package org.vivarium.vmm.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.vivarium.images.tiny.TinyLinux;
import org.vivarium.vmm.config.DeviceSet;
import org.vivarium.vmm.config.NetBackend;
import org.vivarium.vmm.config.NetConfig;
import org.vivarium.vmm.config.PortForward;
import org.vivarium.vmm.engine.MachineEvent;
import org.vivarium.vmm.engine.qemu.TestConsole;

/** A guest on the user network reaches the host and is reached through forwarded ports. */
@Tag("boot")
class UserNetworkBootTest {
  private static final int GUEST_PORT = 2222;
  private static final int PATIENCE_MILLIS = 10_000;

  @Test
  void guestReachesTheHostAndIsReached() throws Exception {
    try (ServerSocket host = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      PortForward first = forward(freePort());
      try (TinyGuest guest = boot(first)) {
        guest.console.readTo(TinyGuest.PROMPT, TinyGuest.PATIENCE);
        awaitAddress(guest);
        TestConsole.type(
            guest.machine,
            "echo from the guest | nc $(ip route | awk '/default/ {print $3}') "
                + host.getLocalPort()
                + " &");
        assertEquals("from the guest\n", readAll(host.accept()));

        assertEquals("hello\n", answerOn(guest, first));

        PortForward second = forward(freePort());
        guest.machine.setForwards("net0", List.of(second));
        assertEquals("hello\n", answerOn(guest, second));

        guest.machine.setLink("net0", false);
        TestConsole.type(
            guest.machine,
            "while [ $(cat /sys/class/net/eth0/carrier) = 1 ]; do :; done; echo link=down");
        guest.console.readTo("link=down\r", TinyGuest.PATIENCE);
      }
    }
  }

  @Test
  void deathOfPasstIsToldAndMended() throws Exception {
    PortForward forward = forward(freePort());
    try (TinyGuest guest = boot(forward)) {
      guest.console.readTo(TinyGuest.PROMPT, TinyGuest.PATIENCE);
      awaitAddress(guest);
      ProcessHandle passt =
          ProcessHandle.current()
              .descendants()
              .filter(child -> child.info().command().orElse("").contains("passt"))
              .findFirst()
              .orElseThrow();
      assertTrue(passt.destroyForcibly());
      guest.events.await(
          e -> e instanceof MachineEvent.FaultOver(String _, String why) && why.contains("again"),
          TinyGuest.PATIENCE);

      assertEquals("hello\n", answerOn(guest, forward));
    }
  }

  private static TinyGuest boot(PortForward forward) throws Exception {
    DeviceSet devices =
        new DeviceSet(
            List.of(),
            List.of(
                NetConfig.of("net0", new NetBackend.User(List.of(forward)), "52:54:00:01:02:03")),
            true,
            false,
            false,
            null);
    return TinyGuest.boot(new TinyGuest.Request(TinyLinux.DEFAULT_FLAVOUR, 1, 256, "", devices));
  }

  private static void awaitAddress(TinyGuest guest) throws Exception {
    TestConsole.type(
        guest.machine, "until ip route | grep -q default; do sleep 0.2; done; echo address=got");
    guest.console.readTo("address=got\r", TinyGuest.PATIENCE);
  }

  /** What a server in the guest says to who connects to the host's port. */
  private static String answerOn(TinyGuest guest, PortForward forward) throws Exception {
    TestConsole.type(guest.machine, "echo hello | nc -l -p " + GUEST_PORT + "; echo served=yes");
    // Passt accepts before the guest's server listens, and hangs up then.
    for (int attempt = 0; attempt < 30; attempt++) {
      try (Socket socket = new Socket(forward.hostAddress(), forward.hostPort())) {
        // Debian 12's passt completes a connection with the guest only once the caller has spoken;
        // it is the same with QEMU's card.
        socket.getOutputStream().write("anybody there?\n".getBytes(StandardCharsets.US_ASCII));
        String answer = readAll(socket);
        if (!answer.isEmpty()) {
          guest.console.readTo("served=yes\r", TinyGuest.PATIENCE);
          return answer;
        }
      } catch (IOException _) {
        // Passt is between two lives, or the guest has refused: asked again below.
        LockSupport.parkNanos(1);
      }
      LockSupport.parkNanos(100_000_000);
    }
    throw new AssertionError("Nobody answers. " + guest.console.text());
  }

  private static String readAll(Socket socket) throws IOException {
    try (socket) {
      socket.setSoTimeout(PATIENCE_MILLIS);
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
    }
  }

  private static PortForward forward(int port) throws Exception {
    return PortForward.of(PortForward.Protocol.TCP, "127.0.0.1", port, GUEST_PORT);
  }

  private static int freePort() throws IOException {
    try (ServerSocket any = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return any.getLocalPort();
    }
  }
}
