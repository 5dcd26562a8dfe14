package org.vivarium.devices.virtio.vsock;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.vivarium.devices.virtio.testing.DriverSideQueue.readable;
import static org.vivarium.devices.virtio.testing.DriverSideQueue.writable;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.vivarium.devices.virtio.testing.DriverSideDevice;
import org.vivarium.devices.virtio.testing.DriverSideQueue.Used;
import org.vivarium.devices.virtio.testing.GuestRam;
import org.vivarium.devices.virtio.testing.ManualLoop;
import org.vivarium.kvm.GuestMemory;
import org.vivarium.kvm.KvmException;
import org.vivarium.kvm.NativeBuffer;
import org.vivarium.kvm.UnixSocket;

/** A device, its driver, and programs of the host. */
abstract class VsockDeviceFixture {
  static final int RECEIVE = 0;
  static final int TRANSMIT = 1;
  static final int REQUEST = 1;
  static final int RESPONSE = 2;
  static final int RST = 3;
  static final int SHUTDOWN = 4;
  static final int RW = 5;
  static final int CREDIT_UPDATE = 6;
  static final int CREDIT_REQUEST = 7;
  static final long CID = 42;
  static final int PORT = 1024;
  static final int GUEST_PORT = 5000;
  static final long OUT = 0x10_0000;
  static final long IN = 0x20_0000;
  static final int IN_STRIDE = 0x1_1000;
  static final int IN_BUFFERS = 16;
  static final int GUEST_BUFFER = 256 << 10;

  @TempDir Path folder;
  final GuestRam ram = new GuestRam();
  final ManualLoop loop = new ManualLoop();
  final NativeBuffer bytes = new NativeBuffer(1 << 20);
  final List<UnixSocket> opened = new ArrayList<>();
  Path path;
  VsockDevice device;
  DriverSideDevice driver;
  int lastReceiveHead;

  /** What the guest finds in a receive buffer. */
  record Packet(int operation, int hostPort, int guestPort, int flags, int credit, byte[] data) {}

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

  UnixSocket keep(UnixSocket socket) {
    opened.add(socket);
    return socket;
  }

  UnixSocket connectFromGuest() throws IOException {
    return connectFromGuest(GUEST_BUFFER, 0);
  }

  UnixSocket connectFromGuest(int size, int forwarded) throws IOException {
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

  void send(int operation, byte[] data) {
    packet(operation, PORT, GUEST_PORT, 0, data);
  }

  void packet(int operation, int hostPort, int guestPort, int flags, byte[] data) {
    header(CID, 2, operation, 1, data.length, flags, hostPort, guestPort);
    ram.memory().write(OUT + 44, data, 0, data.length);
    driver.queue(TRANSMIT).add(readable(OUT, 44L + data.length));
    driver.kick(TRANSMIT);
    driver.queue(TRANSMIT).allUsed();
  }

  void credit(int size, int forwarded) {
    header(CID, 2, CREDIT_UPDATE, 1, 0, 0, PORT, GUEST_PORT);
    ram.memory().writeU32(OUT + 36, size);
    ram.memory().writeU32(OUT + 40, forwarded);
    driver.queue(TRANSMIT).add(readable(OUT, 44));
    driver.kick(TRANSMIT);
    driver.queue(TRANSMIT).allUsed();
  }

  void raw(long source, long destination, int operation, int type, long length, int flags) {
    header(source, destination, operation, type, length, flags, PORT, GUEST_PORT);
    driver.queue(TRANSMIT).add(readable(OUT, 44));
    driver.kick(TRANSMIT);
    driver.queue(TRANSMIT).allUsed();
  }

  void header(
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

  void giveBuffers() {
    int n = 0;
    while (n < IN_BUFFERS && driver.queue(RECEIVE).hasFree(1)) {
      driver.queue(RECEIVE).add(writable(IN + (long) IN_STRIDE * n, IN_STRIDE - 0x100));
      n++;
    }
    driver.kick(RECEIVE);
  }

  Packet next() {
    Packet packet = poll();
    assertNotNull(packet);
    return packet;
  }

  @Nullable Packet poll() {
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

  void write(UnixSocket host, String text) throws KvmException {
    byte[] content = text.getBytes(StandardCharsets.US_ASCII);
    bytes.bytes().put(0, content);
    assertEquals(content.length, host.write(bytes, 0, content.length));
    loop.run();
  }

  String read(UnixSocket host) throws KvmException {
    int n = (int) Math.max(0, host.read(bytes, 0, bytes.size()));
    byte[] content = new byte[n];
    bytes.bytes().get(0, content);
    return new String(content, StandardCharsets.US_ASCII);
  }
}
