package org.vivarium.devices.virtio.vsock;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.vivarium.devices.virtio.testing.DriverSideQueue.readable;
import static org.vivarium.devices.virtio.testing.DriverSideQueue.writable;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.vivarium.kvm.UnixSocket;

/** Guests and hosts that do what they should not. */
class VsockHostileTest extends VsockDeviceFixture {
  @Test
  void hostsThatSayNonsenseAreCutOff() throws IOException {
    giveBuffers();
    for (String nonsense :
        List.of(
            "\n",
            "GET / HTTP/1.1\n",
            "CONNECT\n",
            "CONNECT 4294967296\n",
            "CONNECT -1\n",
            "CONNECT 99999999999999999999",
            "CONNECT 1 2\n",
            "x".repeat(100))) {
      UnixSocket host = keep(UnixSocket.connect(path));
      write(host, nonsense);

      assertEquals(0, Math.max(host.read(bytes, 0, 10), 0), nonsense);
      assertEquals(UnixSocket.CLOSED, host.write(bytes, 0, 1), nonsense);
    }
    assertNull(poll());
  }

  @Test
  void hostsThatWaitSilentlyAreLimited() throws IOException {
    List<UnixSocket> silent = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      silent.add(keep(UnixSocket.connect(path)));
      loop.run();
    }

    long cutOff = 0;
    for (UnixSocket host : silent) {
      cutOff += host.write(bytes, 0, 0) == UnixSocket.CLOSED ? 1 : 0;
    }
    assertEquals(36, cutOff);
  }

  @Test
  void packetsThatBreakTheRulesAreAnsweredOrDropped() throws IOException {
    giveBuffers();
    connectFromGuest();
    driver.queue(TRANSMIT).add(readable(OUT, 43));
    driver.kick(TRANSMIT);
    raw(CID + 1, 2, RW, 1, 0, 0);
    raw(CID, 3, RW, 1, 0, 0);
    raw(CID, 0xFFFF_FFFF_0000_0002L, REQUEST, 1, 0, 0);
    assertNull(poll());

    raw(CID, 2, RW, 1, 0xFFFF_FFFFL, 0);
    assertEquals(RST, next().operation());
    raw(CID, 2, 77, 1, 0, 0);
    assertEquals(RST, next().operation());
    raw(CID, 2, REQUEST, 2, 0, 0);
    assertEquals(RST, next().operation());
    raw(CID, 2, RST, 1, 0, 0);
    assertNull(poll());
    assertFalse(driver.needsReset());
  }

  @Test
  void everyPacketThatDoesNotFitAConnectionsStateEndsIt() throws IOException {
    giveBuffers();
    for (int operation : new int[] {REQUEST, RESPONSE, 0, 8, 0xFFFF}) {
      Files.deleteIfExists(folder.resolve("v.sock_1024"));
      UnixSocket host = connectFromGuest();
      raw(CID, 2, operation, 1, 0, 0);

      assertEquals(RST, next().operation());
      assertEquals(0, host.read(bytes, 0, 10));
    }
    UnixSocket host = keep(UnixSocket.connect(path));
    write(host, "CONNECT 5000\n");
    Packet request = next();
    packet(RW, request.hostPort(), GUEST_PORT, 0, new byte[10]);
    assertEquals(RST, next().operation());
    assertEquals(0, host.read(bytes, 0, 10));
  }

  @Test
  void connectionsAreLimited() throws IOException {
    giveBuffers();
    UnixSocket listener = keep(UnixSocket.listen(folder.resolve("v.sock_1024"), 500));
    int accepted = 0;
    int refused = 0;
    for (int i = 0; i < 300; i++) {
      packet(REQUEST, PORT, GUEST_PORT + i, 0, new byte[0]);
      UnixSocket host = listener.accept();
      if (host != null) {
        keep(host);
      }
      Packet answer = next();
      accepted += answer.operation() == RESPONSE ? 1 : 0;
      refused += answer.operation() == RST ? 1 : 0;
      giveBuffers();
    }

    assertEquals(256, accepted);
    assertEquals(44, refused);
    UnixSocket host = keep(UnixSocket.connect(path));
    write(host, "CONNECT 5000\n");
    assertEquals(UnixSocket.CLOSED, host.write(bytes, 0, 1));
  }

  /** A guest that takes no answers is not asked for more packets, and loses none. */
  @Test
  void answersThatAreNotTakenAreBounded() {
    int sent = 0;
    for (int i = 0; i < 400; i++) {
      if (driver.queue(TRANSMIT).hasFree(1)) {
        header(CID, 2, RW, 1, 0, 0, PORT, GUEST_PORT + i);
        driver.queue(TRANSMIT).add(readable(OUT, 44));
        driver.kick(TRANSMIT);
        sent++;
        driver.queue(TRANSMIT).allUsed();
      }
    }
    int answers = 0;
    giveBuffers();
    for (Packet answer = poll(); answer != null; answer = poll()) {
      assertEquals(RST, answer.operation());
      answers++;
      giveBuffers();
    }

    assertTrue(sent < 300);
    assertEquals(sent, answers);
  }

  @Test
  void receiveBufferWithoutRoomForAHeaderNeedsReset() {
    driver.queue(RECEIVE).add(writable(IN, 43));
    driver.kick(RECEIVE);
    send(RW, new byte[1]);

    assertTrue(driver.needsReset());
  }
}
