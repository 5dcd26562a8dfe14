package org.vivarium.devices.virtio.console;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.vivarium.devices.virtio.testing.DriverSideQueue.readable;
import static org.vivarium.devices.virtio.testing.DriverSideQueue.writable;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.vivarium.devices.legacy.OutputRing;
import org.vivarium.devices.virtio.testing.Allocation;
import org.vivarium.devices.virtio.testing.DriverSideDevice;
import org.vivarium.devices.virtio.testing.GuestRam;
import org.vivarium.devices.virtio.testing.ManualLoop;

class ConsoleDeviceTest {
  private static final int RECEIVE = 0;
  private static final int TRANSMIT = 1;
  private static final long DATA = 0x10_0000;

  private final GuestRam ram = new GuestRam();
  private final ManualLoop loop = new ManualLoop();
  private final OutputRing output = new OutputRing(1024, () -> {});
  private final List<AutoCloseable> opened = new ArrayList<>();
  private ConsoleDevice device;
  private DriverSideDevice driver;

  ConsoleDeviceTest() {
    plugIn(ConsoleConfig.single(), List.of(output::offer));
  }

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable each : opened) {
      each.close();
    }
    ram.close();
  }

  @Test
  void outputOfTheGuestArrivesAcrossDescriptors() {
    driver.start();
    byte[] text = "hello, host".getBytes(StandardCharsets.US_ASCII);
    ram.memory().write(DATA, text, 0, text.length);

    driver.queue(TRANSMIT).add(readable(DATA, 3), readable(DATA + 3, text.length - 3));
    driver.kick(TRANSMIT);

    assertEquals("hello, host", drainText());
    assertEquals(0, driver.queue(TRANSMIT).nextUsed().length());
  }

  @Test
  void inputFillsTheGuestsBuffersInOrder() {
    driver.start();
    driver.queue(RECEIVE).add(writable(DATA, 4));
    driver.queue(RECEIVE).add(writable(DATA + 16, 2), writable(DATA + 32, 64));

    int taken = type("abcdefg");
    loop.run();

    assertEquals(7, taken);
    assertEquals(4, driver.queue(RECEIVE).nextUsed().length());
    assertEquals(3, driver.queue(RECEIVE).nextUsed().length());
    assertArrayEquals(bytes("abcd"), ram.bytes(DATA, 4));
    assertArrayEquals(bytes("ef"), ram.bytes(DATA + 16, 2));
    assertEquals('g', ram.memory().readU8(DATA + 32));
  }

  @Test
  void inputWaitsWhileTheGuestHasNoBuffers() {
    driver.start();
    type("early");
    loop.run();
    int waiting = device.ports().getFirst().waitingInput();

    driver.queue(RECEIVE).add(writable(DATA, 64));
    driver.kick(RECEIVE);

    assertEquals(5, waiting);
    assertEquals(5, driver.queue(RECEIVE).nextUsed().length());
  }

  @Test
  void inputFromBeforeTheDriverAndAcrossAResetIsKept() {
    type("before");
    driver.start();
    driver.reset();
    driver.queue(RECEIVE).add(writable(DATA, 64));
    driver.start();

    assertEquals(6, driver.queue(RECEIVE).nextUsed().length());
    assertArrayEquals(bytes("before"), ram.bytes(DATA, 6));
  }

  @Test
  void inputIsBoundedAndItsListenerToldOfRoom() {
    plugIn(
        new ConsoleConfig(List.of(new ConsoleConfig.Port("", true, 8)), 80, 24, true),
        List.of(output::offer));
    driver.start();
    int[] told = new int[1];
    device.ports().getFirst().setInputListener(() -> told[0]++);

    int first = type("0123456789");
    int second = type("x");
    driver.queue(RECEIVE).add(writable(DATA, 64));
    driver.kick(RECEIVE);

    assertEquals(8, first);
    assertEquals(0, second);
    assertEquals(1, told[0]);
    assertEquals(1, type("x"));
  }

  @Test
  void outputThatFindsNoRoomStaysWithTheGuestAndContinues() {
    driver.start();
    ram.fill(DATA, 2500, 'z');
    driver.queue(TRANSMIT).add(readable(DATA, 2500));
    driver.kick(TRANSMIT);
    boolean returnedEarly = driver.queue(TRANSMIT).hasUsed();

    int total = drainText().length();
    while (total < 2500) {
      device.ports().getFirst().outputReady();
      loop.run();
      total += drainText().length();
    }

    assertFalse(returnedEarly);
    assertEquals(2500, total);
    assertTrue(driver.queue(TRANSMIT).hasUsed());
  }

  @Test
  void aBurstOf100MegabytesLosesNothingInEitherDirection() {
    OutputRing large = new OutputRing(64 << 10, () -> {});
    plugIn(ConsoleConfig.single(), List.of(large::offer));
    driver.start();
    Random random = new Random(1);
    byte[] piece = new byte[48 << 10];
    byte[] drained = new byte[10_000];
    CRC32C sent = new CRC32C();
    CRC32C received = new CRC32C();
    long left = 100_000_000;
    while (left > 0) {
      int length = (int) Math.min(left, piece.length - random.nextInt(1000));
      random.nextBytes(piece);
      sent.update(piece, 0, length);
      ram.memory().write(DATA, piece, 0, length);
      driver.queue(TRANSMIT).add(readable(DATA, length));
      driver.notifyOnly(TRANSMIT);
      left -= length;
      while (!driver.queue(TRANSMIT).hasUsed()) {
        loop.turn();
        int n = large.drain(drained, 0, drained.length);
        received.update(drained, 0, n);
        device.ports().getFirst().outputReady();
      }
      driver.queue(TRANSMIT).nextUsed();
    }
    for (int n = large.drain(drained, 0, 10_000); n > 0; n = large.drain(drained, 0, 10_000)) {
      received.update(drained, 0, n);
    }

    assertEquals(sent.getValue(), received.getValue());
    assertEquals(inputBurst(20_000_000, random), 20_000_000);
  }

  @Test
  void sizeIsInTheConfigurationSpaceAndChangesInterrupt() {
    driver.start();

    device.resize(132, 50);

    assertEquals(132, driver.config(0, 2));
    assertEquals(50, driver.config(2, 2));
    assertEquals(1, driver.msix().take(DriverSideDevice.CONFIG_VECTOR));
    assertThrows(IllegalArgumentException.class, () -> device.resize(0, 50));
    assertThrows(IllegalArgumentException.class, () -> device.resize(80, 65536));
  }

  @Test
  void severalPortsIntroduceThemselves() {
    plugInTwoPorts(true);
    driver.start();
    giveControlBuffers(16);

    say(0, ConsoleControlMessage.DEVICE_READY, 1);
    List<String> added = heard();
    say(0, ConsoleControlMessage.PORT_READY, 1);
    say(1, ConsoleControlMessage.PORT_READY, 1);
    List<String> introduced = heard();

    assertEquals(List.of("0000000001000100", "0100000001000100"), added);
    assertEquals(
        List.of(
            "0000000004000100",
            "000000000500010018005000",
            "0000000006000100",
            "0100000007000100" + HexFormat.of().formatHex(bytes("agent")),
            "0100000006000100"),
        introduced);
  }

  @Test
  void resizeMessageFollowsTheSpecificationWhereAsked() {
    plugInTwoPorts(false);
    driver.start();
    giveControlBuffers(16);
    say(0, ConsoleControlMessage.PORT_READY, 1);
    heard();

    device.resize(100, 30);
    loop.run();

    assertEquals(List.of("000000000500010064001e00"), heard());
  }

  @Test
  void aResizeStormIsOneMessage() {
    plugInTwoPorts(true);
    driver.start();
    say(0, ConsoleControlMessage.PORT_READY, 1);
    for (int i = 1; i <= 10_000; i++) {
      device.resize(i, 24);
    }
    loop.run();

    giveControlBuffers(16);

    assertEquals(
        List.of("0000000004000100", "000000000500010018001027", "0000000006000100"), heard());
  }

  @Test
  void inputOfAPortWaitsUntilTheGuestOpensIt() {
    plugInTwoPorts(true);
    driver.start();
    driver.queue(4).add(writable(DATA, 64));
    device.ports().get(1).input(bytes("ping"), 0, 4);
    driver.kick(4);
    boolean before = driver.queue(4).hasUsed();

    say(1, ConsoleControlMessage.PORT_OPEN, 1);

    assertFalse(before);
    assertEquals(4, driver.queue(4).nextUsed().length());
  }

  @Test
  void nonsenseOnTheControlQueueIsIgnored() {
    plugInTwoPorts(true);
    driver.start();
    giveControlBuffers(4);
    say(2, ConsoleControlMessage.PORT_READY, 1);
    say(0xFFFF_FFFFL, ConsoleControlMessage.PORT_OPEN, 1);
    say(0, 999, 1);
    say(0, ConsoleControlMessage.PORT_READY, 0);
    say(0, ConsoleControlMessage.DEVICE_READY, 0);
    driver.queue(3).add(readable(DATA, 7));
    driver.queue(3).add(writable(DATA, 8));
    driver.kick(3);

    assertEquals(List.of(), heard());
    assertFalse(driver.needsReset());
  }

  @Test
  void controlBufferThatIsTooSmallLosesNoMessage() {
    plugInTwoPorts(true);
    driver.start();
    say(0, ConsoleControlMessage.DEVICE_READY, 1);
    driver.queue(2).add(writable(DATA, 4));
    driver.kick(2);
    long small = driver.queue(2).nextUsed().length();

    giveControlBuffers(4);

    assertEquals(0, small);
    assertEquals(2, heard().size());
  }

  @Test
  void aGuestWithoutMultiportHasTheFirstPort() {
    plugInTwoPorts(true);
    driver.start(ConsoleDevice.VIRTIO_CONSOLE_F_SIZE);
    driver.queue(RECEIVE).add(writable(DATA, 64));

    type("hi");
    loop.run();

    assertEquals(2, driver.queue(RECEIVE).nextUsed().length());
  }

  @Test
  void loopingChainNeedsReset() {
    driver.start();
    driver.queue(TRANSMIT).descriptor(0, DATA, 4, 1, 0);
    driver.queue(TRANSMIT).available(0);

    driver.kick(TRANSMIT);

    assertTrue(driver.needsReset());
  }

  @Test
  void bytesInBothDirectionsAllocateNothing() {
    driver.start();
    driver.queue(TRANSMIT).add(readable(DATA, 512));
    driver.queue(RECEIVE).add(writable(DATA, 512));
    byte[] bytes = new byte[512];
    Runnable round =
        () -> {
          device.ports().getFirst().input(bytes, 0, 512);
          loop.turn();
          output.drain(bytes, 0, 512);
          driver.queue(TRANSMIT).available(0);
          driver.notifyOnly(TRANSMIT);
          driver.queue(RECEIVE).available(0);
          driver.notifyOnly(RECEIVE);
        };

    assertEquals(0, Allocation.during(2_000, round));
  }

  private long inputBurst(int total, Random random) {
    byte[] piece = new byte[5000];
    CRC32C sent = new CRC32C();
    CRC32C received = new CRC32C();
    long given = 0;
    long got = 0;
    driver.queue(RECEIVE).add(writable(DATA, 3000));
    while (got < total) {
      random.nextBytes(piece);
      int offered = (int) Math.min(piece.length, total - given);
      int n = device.ports().getFirst().input(piece, 0, offered);
      sent.update(piece, 0, n);
      given += n;
      driver.kick(RECEIVE);
      while (driver.queue(RECEIVE).hasUsed()) {
        int length = (int) driver.queue(RECEIVE).nextUsed().length();
        received.update(ram.bytes(DATA, length));
        got += length;
        driver.queue(RECEIVE).add(writable(DATA, 3000));
        driver.kick(RECEIVE);
      }
    }
    assertEquals(sent.getValue(), received.getValue());
    return got;
  }

  private void plugInTwoPorts(boolean rowsFirst) {
    plugIn(
        new ConsoleConfig(
            List.of(
                new ConsoleConfig.Port("", true, 1024),
                new ConsoleConfig.Port("agent", false, 1024)),
            80,
            24,
            rowsFirst),
        List.of(output::offer, output::offer));
  }

  private void plugIn(ConsoleConfig config, List<PortOutput> outputs) {
    device = new ConsoleDevice(config, loop, outputs);
    driver = new DriverSideDevice(ram, loop, device);
    opened.add(driver);
  }

  private void giveControlBuffers(int count) {
    for (int i = 0; i < count; i++) {
      driver.queue(2).add(driver.queue(2).writable(96));
    }
    driver.kick(2);
  }

  private void say(long port, int event, int value) {
    byte[] message =
        ByteBuffer.allocate(8)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putInt((int) port)
            .putShort((short) event)
            .putShort((short) value)
            .array();
    driver.queue(3).add(driver.queue(3).readable(message));
    driver.kick(3);
    driver.queue(3).nextUsed();
  }

  /** The control messages that came since this was last asked, in hexadecimal. */
  private List<String> heard() {
    List<String> all = new ArrayList<>();
    while (driver.queue(2).hasUsed()) {
      int slot = (int) driver.ram().memory().readU32(usedElement());
      long gpa =
          driver.ram().memory().readU64(driver.queue(2).config().descriptorTable() + 16L * slot);
      int length = (int) driver.queue(2).nextUsed().length();
      heardCount++;
      all.add(HexFormat.of().formatHex(ram.bytes(gpa, length)));
    }
    return all;
  }

  private int heardCount;

  private long usedElement() {
    return driver.queue(2).config().usedRing() + 4 + 8L * (heardCount & 15);
  }

  private int type(String text) {
    return device.ports().getFirst().input(bytes(text), 0, text.length());
  }

  private String drainText() {
    byte[] drained = new byte[4096];
    int n = output.drain(drained, 0, drained.length);
    return new String(drained, 0, n, StandardCharsets.US_ASCII);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
