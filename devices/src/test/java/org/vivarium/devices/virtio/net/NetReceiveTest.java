package org.vivarium.devices.virtio.net;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.vivarium.devices.virtio.testing.DriverSideQueue.readable;
import static org.vivarium.devices.virtio.testing.DriverSideQueue.writable;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.vivarium.devices.virtio.testing.DriverSideQueue.Used;

/** Frames from the network on their way into the guest's buffers. */
class NetReceiveTest extends NetDeviceFixture {
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
}
