package org.vivarium.devices.virtio.net;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.vivarium.devices.virtio.testing.DriverSideQueue.readable;
import static org.vivarium.devices.virtio.testing.DriverSideQueue.writable;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.vivarium.devices.virtio.testing.Allocation;
import org.vivarium.devices.virtio.testing.DriverSideDevice;
import org.vivarium.devices.virtio.traffic.TrafficCounters.Snapshot;
import org.vivarium.devices.virtio.traffic.TrafficLimit;
import org.vivarium.devices.virtio.transport.VirtioFeatures;
import org.vivarium.kvm.KvmException;

class NetDeviceTest extends NetDeviceFixture {
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
  void guestsAddressIsTheSendersOfItsLastArpPacket() {
    driver.start();
    send(header(0, 0, 0, 0, 0, 0), frame(MAC, 60));
    Optional<String> before = device.guestAddress();
    send(header(0, 0, 0, 0, 0, 0), arp(0x0A00_0002));
    Optional<String> told = device.guestAddress();
    send(header(0, 0, 0, 0, 0, 0), arp(0)); // asks whether an address is taken
    send(header(0, 0, 0, 0, 0, 0), Arrays.copyOf(arp(0x0A00_0003), 41));
    byte[] ipv6Sized = arp(0x0A00_0004);
    ipv6Sized[19] = 16;
    send(header(0, 0, 0, 0, 0, 0), ipv6Sized);
    Optional<String> later = device.guestAddress();
    send(header(0, 0, 0, 0, 0, 0), arp(0xC0A8_01FE));

    assertEquals(Optional.empty(), before);
    assertEquals(Optional.of("10.0.0.2"), told);
    assertEquals(told, later);
    assertEquals(Optional.of("192.168.1.254"), device.guestAddress());
  }

  private static byte[] arp(int sender) {
    return ByteBuffer.wrap(frame(MAC, 42))
        .putShort(12, (short) 0x0806)
        .putLong(14, 0x0001_0800_0604_0001L)
        .putInt(28, sender)
        .array();
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
}
