package org.vivarium.devices.virtio.vsock;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.vivarium.devices.virtio.testing.DriverSideQueue.readable;
import static org.vivarium.devices.virtio.testing.DriverSideQueue.writable;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vivarium.devices.virtio.testing.Allocation;
import org.vivarium.devices.virtio.testing.DriverSideDevice;
import org.vivarium.devices.virtio.testing.DriverSideQueue.Used;
import org.vivarium.devices.virtio.testing.GuestRam;
import org.vivarium.devices.virtio.testing.ManualLoop;
import org.vivarium.kvm.GuestMemory;
import org.vivarium.kvm.KvmException;
import org.vivarium.kvm.NativeBuffer;
import org.vivarium.kvm.UnixSocket;

class VsockDeviceTest {
  private static final int RECEIVE = 0;
  private static final int TRANSMIT = 1;
  private static final int REQUEST = 1;
  private static final int RESPONSE = 2;
  private static final int RST = 3;
  private static final int SHUTDOWN = 4;
  private static final int RW = 5;
  private static final int CREDIT_UPDATE = 6;
  private static final int CREDIT_REQUEST = 7;
  private static final long CID = 42;
  private static final int PORT = 1024;
  private static final int GUEST_PORT = 5000;
  private static final long OUT = 0x10_0000;
  private static final long IN = 0x20_0000;
  private static final int IN_STRIDE = 0x1_1000;
  private static final int IN_BUFFERS = 16;
  private static final int GUEST_BUFFER = 256 << 10;

  @TempDir Path folder;
  private final GuestRam ram = new GuestRam();
  private final ManualLoop loop = new ManualLoop();
  private final NativeBuffer bytes = new NativeBuffer(1 << 20);
  private final List<UnixSocket> opened = new ArrayList<>();
  private Path path;
  private VsockDevice device;
  private DriverSideDevice driver;
  private int lastReceiveHead;

  /** What the guest finds in a receive buffer. */
  private record Packet(
      int operation, int hostPort, int guestPort, int flags, int credit, byte[] data) {}

  @BeforeEach
  void open() throws IOException {
    path = folder.resolve("v.sock");
    device = VsockDevice.open("test", new VsockConfig(CID, path), loop);
    driver = new DriverSideDevice(ram, loop, device);
    driver.start();
  }

  @AfterEach
  void close() {
    driver.reset();
    driver.close();
    device.close();
    loop.run();
    assertEquals(0, loop.watched());
    opened.forEach(UnixSocket::close);
    ram.close();
  }

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
  void withoutADriverHostsAreCutOff() throws IOException {
    driver.reset();
    UnixSocket host = keep(UnixSocket.connect(path));
    loop.run();

    assertEquals(UnixSocket.CLOSED, host.write(bytes, 0, 1));
  }

  @Test
  void hostsDataWaitsForTheGuestsCredit() throws IOException {
    giveBuffers();
    UnixSocket host = connectFromGuest(100, 0);

    write(host, "x".repeat(250));
    Packet first = next();
    Packet ask = next();
    boolean silent = poll() == null;
    credit(100, 100);
    Packet second = next();
    Packet askAgain = next();
    credit(100, 150);
    Packet third = next();

    assertEquals(100, first.data().length);
    assertEquals(CREDIT_REQUEST, ask.operation());
    assertTrue(silent);
    assertEquals(100, second.data().length);
    assertEquals(CREDIT_REQUEST, askAgain.operation());
    assertEquals(50, third.data().length);
  }

  @Test
  void senselessCreditIsNone() throws IOException {
    giveBuffers();
    UnixSocket host = connectFromGuest(100, 0);
    credit(100, -5);
    credit(0, 1000);
    credit(100, 0x8000_0000);
    write(host, "data");

    assertEquals(CREDIT_REQUEST, next().operation());
    assertNull(poll());
  }

  @Test
  void guestIsToldOfRoomBeforeItsCreditIsUsedUp() throws IOException {
    giveBuffers();
    UnixSocket host = connectFromGuest();
    int chunk = 8 << 10;
    for (int i = 0; i < 5; i++) {
      send(RW, new byte[chunk]);
      assertEquals(chunk, host.read(bytes, 0, bytes.size()));
    }

    Packet update = next();

    assertEquals(CREDIT_UPDATE, update.operation());
    assertEquals(4 * chunk, update.credit());
    assertNull(poll());
  }

  @Test
  void guestThatAsksForCreditGetsIt() throws IOException {
    giveBuffers();
    connectFromGuest();

    packet(CREDIT_REQUEST, PORT, GUEST_PORT, 0, new byte[0]);

    assertEquals(CREDIT_UPDATE, next().operation());
  }

  @Test
  void guestThatSendsMoreThanItsCreditIsCutOffAndMemoryIsBounded() throws IOException {
    giveBuffers();
    UnixSocket host = connectFromGuest();
    int packets = 0;
    Packet answer = null;
    while (answer == null || answer.operation() != RST) {
      send(RW, new byte[60_000]);
      packets++;
      answer = poll();
      assertTrue(packets < 100);
    }

    long delivered = 0;
    for (long n = host.read(bytes, 0, bytes.size()); n > 0; n = host.read(bytes, 0, bytes.size())) {
      delivered += n;
    }
    assertTrue(delivered > 0 && delivered <= packets * 60_000L);
    assertFalse(driver.needsReset());
  }

  @Test
  void slowHostGetsEverythingInOrder() throws IOException {
    giveBuffers();
    UnixSocket host = connectFromGuest();
    byte[] data = new byte[40_000];
    int credit = 64 << 10;
    long told = 0;
    int sent = 0;
    int received = 0;
    while (received < 2_000_000) {
      if (sent + data.length - told <= credit) {
        for (int i = 0; i < data.length; i++) {
          data[i] = (byte) ((sent + i) / 251);
        }
        send(RW, data);
        sent += data.length;
      }
      long n = host.read(bytes, 0, 10_000);
      for (int i = 0; i < n; i++) {
        assertEquals((byte) ((received + i) / 251), bytes.bytes().get(i));
      }
      received += (int) Math.max(n, 0);
      loop.run();
      for (Packet update = poll(); update != null; update = poll()) {
        assertEquals(CREDIT_UPDATE, update.operation());
        told = update.credit();
      }
    }
    assertTrue(received >= 2_000_000);
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

  @Test
  void receiveBuffersInPiecesAreFilledInOrder() throws IOException {
    for (int i = 0; i < 3; i++) {
      driver
          .queue(RECEIVE)
          .add(writable(IN + 0x100L * i, 40), writable(IN + 0x80 + 0x100L * i, 14));
    }
    driver.kick(RECEIVE);
    UnixSocket host = connectFromGuest();

    write(host, "0123456789abcdef");

    assertEquals(
        List.of(54L, 50L), driver.queue(RECEIVE).allUsed().stream().map(Used::length).toList());
    assertEquals(
        "0123456789", new String(ram.bytes(IN + 0x180 + 4, 10), StandardCharsets.US_ASCII));
    assertEquals("abcdef", new String(ram.bytes(IN + 0x280 + 4, 6), StandardCharsets.US_ASCII));
  }

  @Test
  void configurationSpaceHasTheGuestsIdentifier() {
    assertEquals(CID, driver.config(0, 8));
    assertThrows(IllegalArgumentException.class, () -> new VsockConfig(2, path));
    assertThrows(IllegalArgumentException.class, () -> new VsockConfig(0xFFFF_FFFFL, path));
    assertThrows(
        IllegalArgumentException.class, () -> new VsockConfig(3, Path.of("/" + "x".repeat(97))));
  }

  @Test
  void socketOfALivingProcessIsRefusedAndOfADeadOneReplaced() throws IOException {
    IOException refusal =
        assertThrows(
            IOException.class, () -> VsockDevice.open("other", new VsockConfig(CID, path), loop));
    Path dead = folder.resolve("dead.sock");
    UnixSocket.listen(dead, 1).close();

    VsockDevice other = VsockDevice.open("other", new VsockConfig(CID, dead), loop);
    loop.run();
    other.close();
    loop.run();

    assertEquals(
        "Cannot listen at " + path + ": another process does already.", refusal.getMessage());
    assertFalse(Files.exists(dead));
  }

  @Test
  void dataOfBothDirectionsAllocatesNothing() throws IOException {
    driver.queue(RECEIVE).add(writable(IN, 4096));
    driver.kick(RECEIVE);
    UnixSocket host = connectFromGuest();
    header(CID, 2, RW, 1, 500, 0, PORT, GUEST_PORT);
    GuestMemory memory = ram.memory();
    int out = driver.queue(TRANSMIT).add(readable(OUT, 544));
    int in = lastReceiveHead;
    driver.kick(TRANSMIT);
    int[] sent = new int[1];
    Runnable round =
        () -> {
          try {
            host.read(bytes, 0, 4096);
            host.write(bytes, 0, 500);
            loop.turn();
            sent[0] += 500;
            memory.writeU32(OUT + 40, sent[0]);
            driver.queue(TRANSMIT).available(out);
            driver.queue(RECEIVE).available(in);
            driver.notifyOnly(TRANSMIT);
            driver.notifyOnly(RECEIVE);
            loop.turn();
          } catch (KvmException e) {
            throw new AssertionError(e);
          }
        };

    assertEquals(0, Allocation.during(1_000, round));
    assertFalse(driver.needsReset());
    assertTrue(driver.queue(TRANSMIT).usedIndex() != 0);
  }

  private UnixSocket keep(UnixSocket socket) {
    opened.add(socket);
    return socket;
  }

  private UnixSocket connectFromGuest() throws IOException {
    return connectFromGuest(GUEST_BUFFER, 0);
  }

  private UnixSocket connectFromGuest(int size, int forwarded) throws IOException {
    UnixSocket listener = keep(UnixSocket.listen(folder.resolve("v.sock_1024"), 4));
    header(CID, 2, REQUEST, 1, 0, 0, PORT, GUEST_PORT);
    ram.memory().writeU32(OUT + 36, size);
    ram.memory().writeU32(OUT + 40, forwarded);
    driver.queue(TRANSMIT).add(readable(OUT, 44));
    driver.kick(TRANSMIT);
    driver.queue(TRANSMIT).allUsed();
    UnixSocket host = listener.accept();
    assertNotNull(host);
    Packet response = poll();
    if (response != null) {
      assertEquals(RESPONSE, response.operation());
    }
    return keep(host);
  }

  private void send(int operation, byte[] data) {
    packet(operation, PORT, GUEST_PORT, 0, data);
  }

  private void packet(int operation, int hostPort, int guestPort, int flags, byte[] data) {
    header(CID, 2, operation, 1, data.length, flags, hostPort, guestPort);
    ram.memory().write(OUT + 44, data, 0, data.length);
    driver.queue(TRANSMIT).add(readable(OUT, 44L + data.length));
    driver.kick(TRANSMIT);
    driver.queue(TRANSMIT).allUsed();
  }

  private void credit(int size, int forwarded) {
    header(CID, 2, CREDIT_UPDATE, 1, 0, 0, PORT, GUEST_PORT);
    ram.memory().writeU32(OUT + 36, size);
    ram.memory().writeU32(OUT + 40, forwarded);
    driver.queue(TRANSMIT).add(readable(OUT, 44));
    driver.kick(TRANSMIT);
    driver.queue(TRANSMIT).allUsed();
  }

  private void raw(long source, long destination, int operation, int type, long length, int flags) {
    header(source, destination, operation, type, length, flags, PORT, GUEST_PORT);
    driver.queue(TRANSMIT).add(readable(OUT, 44));
    driver.kick(TRANSMIT);
    driver.queue(TRANSMIT).allUsed();
  }

  private void header(
      long source,
      long destination,
      int operation,
      int type,
      long length,
      int flags,
      int hostPort,
      int guestPort) {
    GuestMemory memory = ram.memory();
    memory.writeU64(OUT, source);
    memory.writeU64(OUT + 8, destination);
    memory.writeU32(OUT + 16, guestPort);
    memory.writeU32(OUT + 20, hostPort);
    memory.writeU32(OUT + 24, length);
    memory.writeU16(OUT + 28, type);
    memory.writeU16(OUT + 30, operation);
    memory.writeU32(OUT + 32, flags);
    memory.writeU32(OUT + 36, GUEST_BUFFER);
    memory.writeU32(OUT + 40, 0);
  }

  private void giveBuffers() {
    int n = 0;
    while (n < IN_BUFFERS && driver.queue(RECEIVE).hasFree(1)) {
      driver.queue(RECEIVE).add(writable(IN + (long) IN_STRIDE * n, IN_STRIDE - 0x100));
      n++;
    }
    driver.kick(RECEIVE);
  }

  private Packet next() {
    Packet packet = poll();
    assertNotNull(packet);
    return packet;
  }

  private @Nullable Packet poll() {
    loop.run();
    if (!driver.queue(RECEIVE).hasUsed()) {
      return null;
    }
    Used used = driver.queue(RECEIVE).nextUsed();
    GuestMemory memory = ram.memory();
    long at = memory.readU64(driver.queue(RECEIVE).config().descriptorTable() + 16 * used.id());
    assertEquals(2, memory.readU64(at));
    assertEquals(CID, memory.readU64(at + 8));
    int length = (int) memory.readU32(at + 24);
    assertEquals(44L + length, used.length());
    Packet packet =
        new Packet(
            memory.readU16(at + 30),
            (int) memory.readU32(at + 16),
            (int) memory.readU32(at + 20),
            (int) memory.readU32(at + 32),
            (int) memory.readU32(at + 40),
            ram.bytes(at + 44, length));
    lastReceiveHead = driver.queue(RECEIVE).add(writable(at, IN_STRIDE - 0x100));
    driver.notifyOnly(RECEIVE);
    return packet;
  }

  private void write(UnixSocket host, String text) throws KvmException {
    byte[] content = text.getBytes(StandardCharsets.US_ASCII);
    bytes.bytes().put(0, content);
    assertEquals(content.length, host.write(bytes, 0, content.length));
    loop.run();
  }

  private String read(UnixSocket host) throws KvmException {
    int n = (int) Math.max(0, host.read(bytes, 0, bytes.size()));
    byte[] content = new byte[n];
    bytes.bytes().get(0, content);
    return new String(content, StandardCharsets.US_ASCII);
  }
}
