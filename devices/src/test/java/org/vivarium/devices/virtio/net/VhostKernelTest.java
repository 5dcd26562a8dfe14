package org.vivarium.devices.virtio.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.vivarium.devices.virtio.testing.DriverSideQueue.readable;
import static org.vivarium.devices.virtio.testing.DriverSideQueue.writable;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.vivarium.devices.virtio.testing.DriverSideDevice;
import org.vivarium.devices.virtio.testing.DriverSideQueue;
import org.vivarium.devices.virtio.traffic.TrafficLimit;
import org.vivarium.kvm.EventFd;
import org.vivarium.kvm.VhostNet;

/** The kernel's own vhost-net behind a TAP interface, with drivers that behave and that do not. */
@Tag("boot")
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class VhostKernelTest extends NetDeviceFixture {
  private static final String TAP = "vvhost0";
  private static final int HEADER = NetHeader.BYTES;

  /** What a driver can do to a ring that no driver should. */
  private enum Fault {
    HEAD_OUT_OF_RANGE,
    INDEX_THAT_JUMPS,
    LOOP,
    NOWHERE,
    NESTED_INDIRECT
  }

  private TapBackend tap;
  private EventFd vector;

  @BeforeEach
  void plugIn() throws Exception {
    assumeTrue(Files.isWritable(Path.of("/dev/vhost-net")), "there is no /dev/vhost-net");
    assertEquals(0, ip("tuntap", "add", "mode", "tap", "name", TAP));
    assertEquals(0, ip("link", "set", TAP, "up"));
    driver.close();
    vector = EventFd.create();
    tap = TapBackend.open(TAP, loop);
    TapBackend.useVhost(List.of(tap), VhostNet::open);
    device = new NetDevice("test", new NetConfig(MAC, 1500, 256, true), tap, loop);
    driver = new DriverSideDevice(ram, loop, device);
    driver.start();
    assertTrue(isServed());
  }

  @AfterEach
  void pullOut() throws Exception {
    driver.reset();
    assertFalse(isServed());
    tap.close();
    vector.close();
    ip("link", "del", TAP);
  }

  @Test
  void framesPassBothWaysAndInterruptByTheVectorsEvent() throws Exception {
    driver.msix().setEvent(TRANSMIT + 1, vector);
    driver.queue(RECEIVE).add(writable(DATA + 0x1_0000, 2048));
    driver.notifyOnly(RECEIVE);
    long before = device.counters().operationsOut();
    sendOnly(60);

    await(() -> vector.drain() > 0);
    assertEquals(1, driver.queue(TRANSMIT).allUsed().size());
    assertEquals(before + 1, device.counters().operationsOut());
    // The host greets its neighbours (IPv6) once the interface is up.
    List<DriverSideQueue.Used> received = driver.awaitUsed(RECEIVE, 1);
    assertTrue(received.getFirst().length() >= HEADER + NetHeader.MIN_FRAME);
    assertTrue(device.counters().operationsIn() >= 1);
  }

  @Test
  void maskedVectorIsServedByTheDevice() throws Exception {
    sendOnly(60);

    await(() -> driver.msix().take(TRANSMIT + 1) > 0);
    assertEquals(1, driver.queue(TRANSMIT).allUsed().size());
  }

  @Test
  void ringsGoOnWhenHandlersTakeOverAndGiveBack() throws Exception {
    long before = device.counters().operationsOut();
    for (int round = 0; round < 50; round++) {
      sendOnly(60);
      driver.awaitUsed(TRANSMIT, 1);
      boolean limited = round % 2 == 0;
      TrafficLimit limit = limited ? new TrafficLimit(1L << 40, 0) : TrafficLimit.NONE;
      device.setLimits(limit, TrafficLimit.NONE);
      loop.run();
      assertEquals(!limited, isServed());
    }

    assertEquals(before + 50, device.counters().operationsOut());
    device.close();
    loop.run();
  }

  @ParameterizedTest
  @EnumSource(Fault.class)
  void brokenRingNeedsAResetAndTheNextLifeWorks(Fault fault) throws Exception {
    DriverSideQueue queue = driver.queue(TRANSMIT);
    int size = queue.config().size();
    switch (fault) {
      case HEAD_OUT_OF_RANGE -> queue.available(size + 7);
      case INDEX_THAT_JUMPS -> queue.setAvailableIndex(2 * size + 1);
      case LOOP -> {
        queue.descriptor(0, DATA, 64, DriverSideQueue.NEXT, 0);
        queue.available(0);
      }
      case NOWHERE -> {
        queue.descriptor(0, 1L << 45, 64, 0, 0);
        queue.available(0);
      }
      case NESTED_INDIRECT -> {
        queue.descriptor(0, DATA, 16, DriverSideQueue.INDIRECT, 0);
        ram.memory().writeU64(DATA, DATA);
        ram.memory().writeU32(DATA + 8, 16);
        ram.memory().writeU16(DATA + 12, DriverSideQueue.INDIRECT);
        queue.available(0);
      }
    }
    driver.notifyOnly(TRANSMIT);

    await(driver::needsReset);
    assertFalse(isServed());
    driver.reset();
    driver.start();
    sendOnly(60);
    assertEquals(1, driver.awaitUsed(TRANSMIT, 1).size());
  }

  @Test
  void interfaceThatIsDeletedLosesTheCarrierOnceSomebodyLooks() throws Exception {
    assertEquals(0, ip("link", "del", TAP));
    device.counters();
    loop.run();

    assertFalse(tap.carrier());
    assertFalse(isServed());
  }

  private void sendOnly(int length) {
    byte[] packet = packet(header(0, 0, 0, 0, 0, 0), frame(MAC, length));
    ram.memory().write(DATA, packet, 0, packet.length);
    driver.queue(TRANSMIT).add(readable(DATA, packet.length));
    driver.notifyOnly(TRANSMIT);
  }

  private void await(BooleanSupplier condition) {
    while (!condition.getAsBoolean()) {
      loop.turn();
      Thread.onSpinWait();
    }
  }

  /** Whether a thread of the kernel moves frames; nobody else's does in the rig. */
  private static boolean isServed() throws IOException {
    try (Stream<Path> processes = Files.list(Path.of("/proc"))) {
      for (Path process : (Iterable<Path>) processes::iterator) {
        Path name = process.resolve("comm");
        if (Files.exists(name) && Files.readString(name).startsWith("vhost-")) {
          return true;
        }
      }
    }
    return false;
  }

  private static int ip(String... arguments) throws Exception {
    ProcessBuilder builder = new ProcessBuilder("ip").inheritIO();
    builder.command().addAll(List.of(arguments));
    return builder.start().waitFor();
  }
}
