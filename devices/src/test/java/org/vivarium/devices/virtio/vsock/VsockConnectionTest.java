package org.vivarium.devices.virtio.vsock;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import org.junit.jupiter.api.Test;
import org.vivarium.kvm.UnixSocket;

/** How connections begin and end. */
class VsockConnectionTest extends VsockDeviceFixture {
  @Test
  void guestReachesTheSocketOfAPortAndDataFlowsBothWays() throws IOException {
    giveBuffers();
    UnixSocket host = connectFromGuest();

    send(RW, "hello".getBytes(StandardCharsets.US_ASCII));
    write(host, "world!");

    assertEquals("hello", read(host));
    Packet packet = next();
    assertEquals(RW, packet.operation());
    assertEquals("world!", new String(packet.data(), StandardCharsets.US_ASCII));
    assertEquals(GUEST_PORT, packet.guestPort());
    assertEquals(PORT, packet.hostPort());
    assertEquals(5, packet.credit());
  }

  @Test
  void portWithoutASocketIsRefused() {
    giveBuffers();

    send(REQUEST, new byte[0]);

    assertEquals(RST, next().operation());
  }

  @Test
  void hostReachesAPortOfTheGuestAndFirstDataIsTheGuests() throws IOException {
    giveBuffers();
    UnixSocket host = keep(UnixSocket.connect(path));
    write(host, "CONNECT 5000\nearly");
    Packet request = next();
    String before = read(host);

    packet(RESPONSE, request.hostPort(), GUEST_PORT, 0, new byte[0]);

    assertEquals(REQUEST, request.operation());
    assertEquals(GUEST_PORT, request.guestPort());
    assertEquals("", before);
    assertEquals("OK " + Integer.toUnsignedString(request.hostPort()) + "\n", read(host));
    assertEquals("early", new String(next().data(), StandardCharsets.US_ASCII));
  }

  @Test
  void guestThatRefusesEndsTheHostsConnection() throws IOException {
    giveBuffers();
    UnixSocket host = keep(UnixSocket.connect(path));
    write(host, "CONNECT 5000\n");
    Packet request = next();

    packet(RST, request.hostPort(), GUEST_PORT, 0, new byte[0]);

    assertEquals(0, host.read(bytes, 0, 10));
  }

  @Test
  void withoutADriverHostsAreCutOff() throws IOException {
    driver.reset();
    UnixSocket host = keep(UnixSocket.connect(path));
    loop.run();

    assertEquals(UnixSocket.CLOSED, host.write(bytes, 0, 1));
  }

  @Test
  void guestsShutdownDeliversTheRestAndIsAnsweredByAReset() throws IOException {
    giveBuffers();
    UnixSocket host = connectFromGuest();
    send(RW, "last".getBytes(StandardCharsets.US_ASCII));

    packet(SHUTDOWN, PORT, GUEST_PORT, 3, new byte[0]);

    assertEquals("last", read(host));
    assertEquals(0, host.read(bytes, 0, 10));
    assertEquals(RST, next().operation());
    send(RW, new byte[1]);
    assertEquals(RST, next().operation());
  }

  @Test
  void guestThatOnlySendsNoMoreStillReceives() throws IOException {
    giveBuffers();
    UnixSocket host = connectFromGuest();

    packet(SHUTDOWN, PORT, GUEST_PORT, 2, new byte[0]);
    long end = host.read(bytes, 0, 10);
    write(host, "answer");

    assertEquals(0, end);
    assertEquals("answer", new String(next().data(), StandardCharsets.US_ASCII));
    send(RW, new byte[1]);
    assertEquals(RST, next().operation());
  }

  @Test
  void hostThatOnlySendsNoMoreStillReceives() throws IOException {
    giveBuffers();
    UnixSocket host = connectFromGuest();

    host.endWriting();
    loop.run();
    Packet end = next();
    send(RW, "answer".getBytes(StandardCharsets.US_ASCII));

    assertEquals(SHUTDOWN, end.operation());
    assertEquals(2, end.flags());
    assertEquals("answer", read(host));
  }

  @Test
  void hostThatHasGoneEndsTheGuestsStream() throws IOException {
    giveBuffers();
    UnixSocket host = connectFromGuest();

    host.close();
    loop.run();
    Packet end = next();
    send(RW, new byte[10]);

    assertEquals(SHUTDOWN, end.operation());
    assertEquals(3, end.flags());
    assertEquals(RST, next().operation());
  }

  @Test
  void resetEndsAllConnectionsAndTheDeviceStartsAnew() throws IOException {
    giveBuffers();
    UnixSocket host = connectFromGuest();

    driver.reset();
    long end = host.read(bytes, 0, 10);
    driver.start();
    giveBuffers();

    assertEquals(0, end);
    Files.delete(folder.resolve("v.sock_1024"));
    UnixSocket again = connectFromGuest();
    send(RW, "again".getBytes(StandardCharsets.US_ASCII));
    assertEquals("again", read(again));
  }
}
