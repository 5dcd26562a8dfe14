package org.vivarium.devices.virtio.net;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.vivarium.devices.virtio.testing.DriverSideQueue.readable;
import static org.vivarium.devices.virtio.testing.DriverSideQueue.writable;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.vivarium.devices.virtio.testing.Allocation;
import org.vivarium.devices.virtio.testing.DriverSideDevice;
import org.vivarium.devices.virtio.testing.DriverSideQueue.Used;
import org.vivarium.devices.virtio.testing.GuestRam;
import org.vivarium.devices.virtio.testing.ManualLoop;
import org.vivarium.devices.virtio.traffic.TrafficCounters.Snapshot;
import org.vivarium.devices.virtio.traffic.TrafficLimit;
import org.vivarium.devices.virtio.transport.VirtioFeatures;
import org.vivarium.kvm.KvmException;

class NetDeviceTest {
  private static final int RECEIVE = 0;
  private static final int TRANSMIT = 1;
  private static final long MAC = 0x0200_0000_0001L;
  private static final long DATA = 0x10_0000;
  private static final long PLAIN = VirtioFeatures.EVENT_IDX | VirtioFeatures.INDIRECT_DESC;

  private final GuestRam ram = new GuestRam();
  private final ManualLoop loop = new ManualLoop();
  private final FakeBackend backend = new FakeBackend();
  private NetDevice device = new NetDevice("test", NetConfig.of(MAC, 1500), backend, loop);
  private DriverSideDevice driver = new DriverSideDevice(ram, loop, device);

  @AfterEach
  void close() {
    driver.close();
    ram.close();
  }

  @Test
  void frameIsSentWithoutItsHeaderAcrossDescriptors() {
    driver.start();
    byte[] frame = frame(MAC, 100);
    byte[] packet = packet(header(0, 0, 0, 0, 0, 0), frame);
    ram.memory().write(DATA, packet, 0, packet.length);

    driver.queue(TRANSMIT).add(readable(DATA, 5), readable(DATA + 5, packet.length - 5));
    driver.kick(TRANSMIT);

    assertEquals(1, backend.sent.size());
    assertArrayEquals(frame, backend.sent.getFirst());
    assertEquals(0, driver.queue(TRANSMIT).nextUsed().length());
  }

  @Test
  void frameThatFindsNoRoomIsSentLaterOnce() {
    driver.start();
    backend.room = 1;
    send(header(0, 0, 0, 0, 0, 0), frame(MAC, 60));
    send(header(0, 0, 0, 0, 0, 0), frame(MAC, 61));
    int before = backend.sent.size();

    backend.room = 5;
    NetBackend.Events events = backend.events;
    assertNotNull(events);
    events.sendReady();
    loop.run();

    assertEquals(1, before);
    assertEquals(2, backend.sent.size());
    assertEquals(61, backend.sent.get(1).length);
    assertEquals(2, driver.queue(TRANSMIT).allUsed().size());
  }

  @Test
  void spoofedSourceIsDroppedUnlessAllowed() {
    driver.start();
    send(header(0, 0, 0, 0, 0, 0), frame(MAC + 1, 60));
    int dropped = backend.sent.size();
    plugIn(new NetConfig(MAC, 1500, 16, true));
    driver.start();
    send(header(0, 0, 0, 0, 0, 0), frame(MAC + 1, 60));

    assertEquals(0, dropped);
    assertEquals(1, backend.sent.size());
  }

  @Test
  void framesTooShortOrTooLongAreDropped() {
    driver.start();
    driver.queue(TRANSMIT).add(readable(DATA, 11));
    driver.kick(TRANSMIT);
    send(header(0, 0, 0, 0, 0, 0), new byte[13]);
    send(header(0, 0, 0, 0, 0, 0), frame(MAC, NetHeader.MAX_FRAME + 1));
    send(header(0, 0, 0, 0, 0, 0), frame(MAC, NetHeader.MAX_FRAME));

    assertEquals(4, driver.queue(TRANSMIT).allUsed().size());
    assertEquals(1, backend.sent.size());
    assertFalse(driver.needsReset());
  }

  /** CVE-2023-6693 and its like: offloads that were not negotiated or reach outside the frame. */
  @Test
  void offloadsThatWereNotNegotiatedAreDropped() {
    backend.offloads = NetLayout.TO_DEVICE;
    driver.start(PLAIN);
    send(header(1, 0, 0, 0, 14, 6), frame(MAC, 100));
    send(header(1, 1, 54, 1448, 34, 16), frame(MAC, 100));
    send(header(0, 4, 54, 1448, 0, 0), frame(MAC, 100));

    assertEquals(0, backend.sent.size());
    assertEquals(3, driver.queue(TRANSMIT).allUsed().size());
  }

  @Test
  void offloadsThatDoNotFitTheFrameAreDropped() {
    backend.offloads = NetLayout.TO_DEVICE;
    plugIn(NetConfig.of(MAC, 1500));
    driver.start();
    byte[] frame = frame(MAC, 100);
    send(header(1, 0, 0, 0, 99, 0), frame);
    send(header(1, 0, 0, 0, 65535, 65535), frame);
    send(header(1, 0, 0, 0, 0, 99), frame);
    send(header(1, 1, 54, 0, 34, 16), frame);
    send(header(0, 1, 54, 1448, 34, 16), frame);
    send(header(1, 1, 101, 1448, 34, 16), frame);
    send(header(1, 1, 0, 1448, 34, 16), frame);
    send(header(1, 3, 54, 1448, 34, 16), frame);
    send(header(1, 5, 54, 1448, 34, 16), frame);
    send(header(1, 0x81, 54, 1448, 34, 16), frame);
    send(header(1, 255, 54, 1448, 34, 16), frame);
    int bad = backend.sent.size();
    send(header(1, 1, 54, 1448, 34, 16), frame);
    send(header(1, 4, 54, 1448, 34, 16), frame);
    send(header(1, 0, 0, 0, 34, 64), frame);

    assertEquals(0, bad);
    assertEquals(3, backend.sent.size());
    assertEquals(34, backend.lastChecksumStart);
  }

  @Test
  void segmentationWithoutChecksumIsRefusedAtNegotiation() {
    backend.offloads = NetLayout.TO_DEVICE | NetLayout.TO_DRIVER;
    plugIn(NetConfig.of(MAC, 1500));

    driver.negotiate(VirtioFeatures.VERSION_1 | NetLayout.VIRTIO_NET_F_HOST_TSO4);
    int withoutCsum = driver.status();
    driver.reset();
    driver.negotiate(VirtioFeatures.VERSION_1 | NetLayout.VIRTIO_NET_F_GUEST_TSO6);

    assertEquals(3, withoutCsum);
    assertEquals(3, driver.status());
  }

  @Test
  void receivedFrameHasAHeaderWithOneBuffer() {
    driver.start(PLAIN);
    byte[] frame = frame(MAC, 200);
    driver.queue(RECEIVE).add(writable(DATA, 10), writable(DATA + 64, 2000));

    arrive(frame);

    assertEquals(212, driver.queue(RECEIVE).nextUsed().length());
    assertEquals(1, ram.memory().readU16(DATA + 64));
    assertArrayEquals(frame, ram.bytes(DATA + 66, 200));
    assertEquals(1, driver.msix().take(1));
  }

  @Test
  void mergedBuffersAppearTogetherAndAreCounted() {
    driver.start();
    byte[] frame = frame(MAC, 1000);
    for (int i = 0; i < 3; i++) {
      driver.queue(RECEIVE).add(writable(DATA + 0x1000L * i, 400));
    }

    arrive(frame);

    List<Used> used = driver.queue(RECEIVE).allUsed();
    assertEquals(List.of(400L, 400L, 212L), used.stream().map(Used::length).toList());
    assertEquals(3, ram.memory().readU16(DATA + 10));
    assertArrayEquals(Arrays.copyOf(frame, 388), ram.bytes(DATA + 12, 388));
    assertArrayEquals(Arrays.copyOfRange(frame, 788, 1000), ram.bytes(DATA + 0x2000, 212));
    assertEquals(0, ram.memory().readU8(DATA + 0x2000 + 212));
  }

  /** CVE-2020-16843: the network and the queue both full must not freeze the card. */
  @Test
  void frameWaitsForEnoughBuffersAndThenContinues() {
    driver.start();
    driver.queue(RECEIVE).add(writable(DATA, 400));
    arrive(frame(MAC, 1000));
    arrive(frame(MAC, 50));
    boolean early = driver.queue(RECEIVE).hasUsed();
    int event = driver.queue(RECEIVE).availEvent();

    driver.queue(RECEIVE).add(writable(DATA + 0x1000, 400));
    driver.kick(RECEIVE);
    boolean stillEarly = driver.queue(RECEIVE).hasUsed();
    driver.queue(RECEIVE).add(writable(DATA + 0x2000, 400));
    driver.queue(RECEIVE).add(writable(DATA + 0x3000, 400));
    driver.kick(RECEIVE);

    assertFalse(early);
    assertEquals(1, event);
    assertFalse(stillEarly);
    assertEquals(4, driver.queue(RECEIVE).allUsed().size());
  }

  /** CVE-2021-3748: a header written into a buffer after the driver has taken it back. */
  @Test
  void resetForgetsTheBuffersOfAFrameThatWaits() {
    driver.start();
    driver.queue(RECEIVE).add(writable(DATA, 400));
    arrive(frame(MAC, 1000));
    driver.reset();
    driver.start();
    driver.queue(RECEIVE).add(writable(DATA + 0x1000, 400));
    arrive(frame(MAC, 50));

    assertEquals(62, driver.queue(RECEIVE).nextUsed().length());
    assertEquals(0, ram.memory().readU16(DATA + 10));
    assertEquals(1, ram.memory().readU16(DATA + 0x1000 + 10));
  }

  @Test
  void frameThatCanNeverFitIsDropped() {
    driver.start();
    for (int i = 0; i < 16; i++) {
      driver.queue(RECEIVE).add(writable(DATA + 0x1000L * i, 100));
    }
    arrive(frame(MAC, 5000));
    arrive(frame(MAC, 50));

    assertEquals(62, driver.queue(RECEIVE).nextUsed().length());
    assertFalse(driver.queue(RECEIVE).hasUsed());
  }

  @Test
  void withoutMergingAFrameThatDoesNotFitItsBufferIsDropped() {
    driver.start(PLAIN);
    driver.queue(RECEIVE).add(writable(DATA, 100));
    driver.queue(RECEIVE).add(writable(DATA + 0x1000, 100));
    arrive(frame(MAC, 150));
    arrive(frame(MAC, 50));

    assertEquals(62, driver.queue(RECEIVE).nextUsed().length());
    assertFalse(driver.queue(RECEIVE).hasUsed());
  }

  @Test
  void receiveBufferSmallerThanAHeaderNeedsReset() {
    driver.start();
    driver.queue(RECEIVE).add(writable(DATA, 11));
    driver.queue(RECEIVE).add(writable(DATA + 0x1000, 2000));
    arrive(frame(MAC, 50));

    assertTrue(driver.needsReset());
    assertFalse(driver.queue(RECEIVE).hasUsed());
  }

  @Test
  void receiveBufferThatIsReadableNeedsReset() {
    driver.start();
    driver.queue(RECEIVE).add(readable(DATA, 2000));
    driver.queue(RECEIVE).add(writable(DATA, 2000));
    arrive(frame(MAC, 50));

    assertTrue(driver.needsReset());
  }

  @Test
  void offloadsOfAReceivedFrameReachTheDriver() {
    backend.offloads = NetLayout.TO_DRIVER;
    plugIn(NetConfig.of(MAC, 1500));
    backend.gsoType = NetHeader.GSO_TCPV4;
    driver.start();
    driver.queue(RECEIVE).add(writable(DATA, 4096));

    arrive(frame(MAC, 3000));

    assertEquals(1, ram.memory().readU8(DATA));
    assertEquals(1, ram.memory().readU8(DATA + 1));
    assertEquals(54, ram.memory().readU16(DATA + 2));
    assertEquals(1448, ram.memory().readU16(DATA + 4));
    assertEquals(34, ram.memory().readU16(DATA + 6));
    assertEquals(16, ram.memory().readU16(DATA + 8));
  }

  @Test
  void withoutALinkFramesOfBothDirectionsAreLost() {
    driver.start();
    driver.queue(RECEIVE).add(writable(DATA, 2000));

    device.setLink(false);
    device.setLink(false);
    arrive(frame(MAC, 50));
    send(header(0, 0, 0, 0, 0, 0), frame(MAC, 60));
    long status = driver.config(6, 2);
    device.setLink(true);
    arrive(frame(MAC, 70));

    assertEquals(0, status);
    assertEquals(1, driver.config(6, 2));
    assertEquals(2, driver.msix().take(DriverSideDevice.CONFIG_VECTOR));
    assertEquals(0, backend.sent.size());
    assertEquals(82, driver.queue(RECEIVE).nextUsed().length());
  }

  @Test
  void linkIsUpWhileTheCableIsPluggedInAndSomethingIsAtItsOtherEnd() {
    backend.carrier = false;
    driver.start();
    long atStart = driver.config(6, 2);
    NetBackend.Events events = backend.events;
    assertNotNull(events);
    device.setLink(false);
    backend.carrier = true;
    events.carrierChanged();
    long unplugged = driver.config(6, 2);
    device.setLink(true);

    assertEquals(0, atStart);
    assertEquals(0, unplugged);
    assertEquals(1, driver.config(6, 2));
    assertEquals(2, driver.msix().take(DriverSideDevice.CONFIG_VECTOR));
  }

  @Test
  void looseCableHasNoLinkAndTakesEveryFrame() {
    driver.close();
    device = new NetDevice("test", NetConfig.of(MAC, 1500), new NoneBackend(), loop);
    driver = new DriverSideDevice(ram, loop, device);
    driver.start();

    send(header(0, 0, 0, 0, 0, 0), frame(MAC, 60));

    assertEquals(0, driver.config(6, 2));
    assertEquals(1, driver.queue(TRANSMIT).allUsed().size());
  }

  @Test
  void limitsHoldForEachDirectionAndEndWhenTheyAreLifted() throws KvmException {
    driver.start();
    device.setLimits(new TrafficLimit(0, 1), new TrafficLimit(1, 0));
    loop.run();
    for (int i = 0; i < 3; i++) {
      send(header(0, 0, 0, 0, 0, 0), frame(MAC, 60));
      driver.queue(RECEIVE).add(writable(DATA + 0x1000L * i, 2000));
      arrive(frame(MAC, 100));
    }
    int sent = backend.sent.size();
    int received = driver.queue(RECEIVE).allUsed().size();

    device.setLimits(TrafficLimit.NONE, TrafficLimit.NONE);
    loop.run();

    assertEquals(1, sent);
    assertEquals(1, received);
    assertEquals(3, backend.sent.size());
    assertEquals(2, driver.queue(RECEIVE).allUsed().size());
    device.close();
    loop.run();
  }

  @Test
  void countersTellWhatPassedAndWhatWasDropped() {
    driver.start();
    driver.queue(RECEIVE).add(writable(DATA, 2000));
    arrive(frame(MAC, 100));
    send(header(0, 0, 0, 0, 0, 0), frame(MAC, 60));
    send(header(0, 0, 0, 0, 0, 0), frame(MAC, 70));
    send(header(0, 0, 0, 0, 0, 0), frame(MAC + 1, 80));
    device.setLink(false);
    arrive(frame(MAC, 90));
    send(header(0, 0, 0, 0, 0, 0), frame(MAC, 60));

    assertEquals(new Snapshot(100, 130, 1, 2, 0, 3, 0), device.counters());
  }

  @Test
  void resetDetachesTheBackendAndARestartWorks() {
    driver.start();
    driver.reset();
    NetBackend.Events afterReset = backend.events;
    driver.start();
    send(header(0, 0, 0, 0, 0, 0), frame(MAC, 60));

    assertNull(afterReset);
    assertEquals(1, backend.sent.size());
  }

  @Test
  void configurationSpaceHasAddressAndMtu() {
    assertEquals(0x02, driver.config(0, 1));
    assertEquals(0x01, driver.config(5, 1));
    assertEquals(1, driver.config(6, 2));
    assertEquals(1500, driver.config(10, 2));
    assertThrows(IllegalArgumentException.class, () -> NetConfig.of(0x0100_0000_0001L, 1500));
    assertThrows(IllegalArgumentException.class, () -> new NetConfig(MAC, 67, 256, false));
    assertThrows(IllegalArgumentException.class, () -> new NetConfig(MAC, 1500, 100, false));
  }

  @Test
  void framesInBothDirectionsAllocateNothing() {
    byte[] frame = frame(MAC, 1000);
    byte[] packet = packet(header(0, 0, 0, 0, 0, 0), frame);
    ram.memory().write(DATA, packet, 0, packet.length);
    backend.endless = frame;
    backend.room = 0;
    driver.start();
    driver.queue(TRANSMIT).add(readable(DATA, packet.length));
    driver.queue(RECEIVE).add(writable(DATA + 0x1000, 600), writable(DATA + 0x2000, 600));
    NetBackend.Events events = backend.events;
    assertNotNull(events);
    Runnable round =
        () -> {
          backend.room = 2;
          driver.notifyOnly(TRANSMIT);
          events.receiveReady();
          loop.turn();
          loop.turn();
          driver.queue(TRANSMIT).available(0);
          driver.queue(RECEIVE).available(0);
        };

    assertEquals(0, Allocation.during(2_000, round));
    assertFalse(driver.needsReset());
  }

  private void plugIn(NetConfig config) {
    driver.reset();
    driver.close();
    device = new NetDevice("test", config, backend, loop);
    driver = new DriverSideDevice(ram, loop, device);
  }

  private void send(byte[] header, byte[] frame) {
    driver.queue(TRANSMIT).add(driver.queue(TRANSMIT).readable(packet(header, frame)));
    driver.kick(TRANSMIT);
  }

  private void arrive(byte[] frame) {
    backend.incoming.add(frame);
    NetBackend.Events events = backend.events;
    if (events != null) {
      events.receiveReady();
    }
    loop.run();
  }

  private static byte[] packet(byte[] header, byte[] frame) {
    byte[] packet = Arrays.copyOf(header, header.length + frame.length);
    System.arraycopy(frame, 0, packet, header.length, frame.length);
    return packet;
  }

  private static byte[] frame(long source, int length) {
    byte[] frame = new byte[length];
    for (int i = 0; i < length; i++) {
      frame[i] = (byte) i;
    }
    for (int i = 0; i < 6; i++) {
      frame[6 + i] = (byte) (source >>> (8 * (5 - i)));
    }
    return frame;
  }

  private static byte[] header(
      int flags, int gsoType, int length, int gsoSize, int start, int offset) {
    return ByteBuffer.allocate(NetHeader.BYTES)
        .order(ByteOrder.LITTLE_ENDIAN)
        .put((byte) flags)
        .put((byte) gsoType)
        .putShort((short) length)
        .putShort((short) gsoSize)
        .putShort((short) start)
        .putShort((short) offset)
        .array();
  }
}
