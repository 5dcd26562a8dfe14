package org.vivarium.devices.virtio.net;

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
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vivarium.devices.virtio.testing.DriverSideDevice;
import org.vivarium.devices.virtio.testing.GuestRam;
import org.vivarium.devices.virtio.testing.ManualLoop;
import org.vivarium.devices.virtio.transport.VirtioFeatures;

/** The control queue, its commands, and the pairs of queues that it turns on and off. */
class NetControlTest {
  private static final long MAC = 0x0200_0000_0001L;
  private static final long OTHER = 0x0200_0000_0002L;
  private static final long GROUP = 0x0100_5E00_0001L;
  private static final long BROADCAST = 0xFFFF_FFFF_FFFFL;
  private static final long DATA = 0x10_0000;
  private static final long ANSWER = 0x20_0000;
  private static final int NO_ANSWER = 0xAA;
  private static final int CONTROL = 2;
  private static final int CONTROL_OF_TWO = 4;
  private static final byte[] NOT_PROMISCUOUS = {0, 0, 0};

  private final GuestRam ram = new GuestRam();
  private final ManualLoop loop = new ManualLoop();
  private final FakeBackend first = new FakeBackend();
  private final FakeBackend second = new FakeBackend();
  private DriverSideDevice driver = plug(List.of(first));

  @AfterEach
  void close() {
    driver.close();
    ram.close();
  }

  @Test
  void everyFrameIsTakenUntilTheDriverSaysOtherwise() {
    driver.start();
    List<Long> before = taken(MAC, OTHER, GROUP, BROADCAST);
    int answer = command(CONTROL, NOT_PROMISCUOUS);
    List<Long> after = taken(MAC, OTHER, GROUP, BROADCAST);
    command(CONTROL, new byte[] {0, 1, 1});

    assertEquals(List.of(MAC, OTHER, GROUP, BROADCAST), before);
    assertEquals(ControlHandler.OK, answer);
    assertEquals(List.of(MAC, BROADCAST), after);
    assertEquals(List.of(MAC, GROUP, BROADCAST), taken(MAC, OTHER, GROUP, BROADCAST));
  }

  @Test
  void framesToListedAddressesAreTaken() {
    driver.start();
    command(CONTROL, NOT_PROMISCUOUS);
    int answer = command(CONTROL, tables(List.of(OTHER), List.of(GROUP)));

    assertEquals(ControlHandler.OK, answer);
    assertEquals(List.of(MAC, OTHER, GROUP), taken(MAC, OTHER, OTHER + 1, GROUP, GROUP + 1));
  }

  @Test
  void tableThatIsTooLargeStandsForAllAddressesOfItsKind() {
    driver.start();
    command(CONTROL, NOT_PROMISCUOUS);
    List<Long> many = Collections.nCopies(ReceiveFilter.TABLE + 1, OTHER);
    int answer = command(CONTROL, tables(many, List.of()));

    assertEquals(ControlHandler.OK, answer);
    assertEquals(List.of(OTHER, OTHER + 1), taken(OTHER, OTHER + 1, GROUP));
  }

  /** The list's own length is the guest's word: 4 billion addresses in a few bytes. */
  @Test
  void tableThatPromisesMoreThanItHoldsChangesNothing() {
    driver.start();
    command(CONTROL, NOT_PROMISCUOUS);
    command(CONTROL, tables(List.of(OTHER), List.of()));
    byte[] endless = tables(List.of(MAC), List.of());
    ByteBuffer.wrap(endless).order(ByteOrder.LITTLE_ENDIAN).putInt(2, -1);
    byte[] secondEndless = tables(List.of(MAC), List.of());
    ByteBuffer.wrap(secondEndless).order(ByteOrder.LITTLE_ENDIAN).putInt(12, 1);
    byte[] noSecond = new byte[] {1, 0, 0, 0, 0, 0};

    assertEquals(ControlHandler.ERR, command(CONTROL, endless));
    assertEquals(ControlHandler.ERR, command(CONTROL, secondEndless));
    assertEquals(ControlHandler.ERR, command(CONTROL, noSecond));
    assertEquals(List.of(MAC, OTHER), taken(MAC, OTHER, GROUP));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "05",
        "00",
        "00 00",
        "00 02 01",
        "00 ff 01",
        "01 01 02 00 00 00 00 05",
        "02 00 01 00",
        "03 00",
        "04 00 01 00",
        "ff ff ff"
      })
  void commandThatIsUnknownOrTooShortIsAnsweredWithAnError(String words) {
    driver.start();

    assertEquals(ControlHandler.ERR, command(CONTROL, HexFormat.ofDelimiter(" ").parseHex(words)));
    assertFalse(driver.needsReset());
    assertEquals(List.of(OTHER), taken(OTHER));
  }

  @Test
  void commandWithoutRoomForAnAnswerIsIgnored() {
    driver.start();
    ram.memory().write(DATA, NOT_PROMISCUOUS, 0, NOT_PROMISCUOUS.length);
    driver.queue(CONTROL).add(readable(DATA, NOT_PROMISCUOUS.length));
    driver.kick(CONTROL);

    assertEquals(0, driver.queue(CONTROL).nextUsed().length());
    assertEquals(List.of(OTHER), taken(OTHER));
  }

  @Test
  void commandsOfFeaturesThatWereNotNegotiatedAreRefused() {
    driver.close();
    driver = plug(List.of(first, second));
    driver.start(VirtioFeatures.VERSION_1 | NetLayout.VIRTIO_NET_F_CTRL_VQ);

    assertEquals(ControlHandler.ERR, command(CONTROL, NOT_PROMISCUOUS));
    assertEquals(ControlHandler.ERR, command(CONTROL, tables(List.of(), List.of())));
    assertEquals(ControlHandler.ERR, command(CONTROL, pairs(2)));
    assertNull(second.events);
  }

  @Test
  void commandFeaturesWithoutTheirQueueAreRefusedAtNegotiation() {
    driver.negotiate(VirtioFeatures.VERSION_1 | NetLayout.VIRTIO_NET_F_CTRL_RX);

    assertEquals(3, driver.status());
  }

  @Test
  void pairsAreServedWhileTheDriverUsesThem() {
    driver.close();
    driver = plug(List.of(first, second));
    driver.start();
    boolean atFirst = second.events != null;
    int on = command(CONTROL_OF_TWO, pairs(2));
    send(3, MAC);
    int sent = second.sent.size();
    int off = command(CONTROL_OF_TWO, pairs(1));
    send(3, MAC);

    assertEquals(2, driver.config(8, 2));
    assertFalse(atFirst);
    assertEquals(ControlHandler.OK, on + off);
    assertEquals(1, sent);
    assertEquals(1, second.sent.size());
    assertNull(second.events);
    assertNotNull(first.events);
  }

  @Test
  void numberOfPairsThatTheCardDoesNotHaveIsRefused() {
    driver.close();
    driver = plug(List.of(first, second));
    driver.start();

    for (int count : new int[] {0, 3, 0x8000, 0xFFFF}) {
      assertEquals(ControlHandler.ERR, command(CONTROL_OF_TWO, pairs(count)));
    }
    assertEquals(ControlHandler.ERR, command(CONTROL_OF_TWO, new byte[] {4, 0, 2}));
    assertNull(second.events);
    assertFalse(driver.needsReset());
  }

  @Test
  void resetEndsEveryPairAndTheNextDriverBeginsWithOne() {
    driver.close();
    driver = plug(List.of(first, second));
    driver.start();
    command(CONTROL_OF_TWO, NOT_PROMISCUOUS);
    command(CONTROL_OF_TWO, pairs(2));
    driver.reset();
    boolean ended = first.events == null && second.events == null;
    driver.start();

    assertTrue(ended);
    assertNotNull(first.events);
    assertNull(second.events);
    assertEquals(List.of(OTHER), taken(OTHER));
  }

  @Test
  void cardHasFromOneToEightPairs() {
    List<NetBackend> nine = Collections.nCopies(NetDevice.MOST_PAIRS + 1, first);

    assertThrows(IllegalArgumentException.class, () -> plug(List.of()));
    assertThrows(IllegalArgumentException.class, () -> plug(nine));
  }

  private DriverSideDevice plug(List<NetBackend> backends) {
    return new DriverSideDevice(
        ram, loop, new NetDevice("test", NetConfig.of(MAC, 1500), backends, loop));
  }

  /** Sends a command; the answer, or {@link #NO_ANSWER}. */
  private int command(int queue, byte[] command) {
    ram.memory().write(DATA, command, 0, command.length);
    ram.memory().writeU8(ANSWER, NO_ANSWER);
    int half = (command.length + 1) / 2;
    if (half < command.length) {
      // In two descriptors, for where one ends means nothing (VIRTIO 1.2, 2.7.4).
      driver
          .queue(queue)
          .add(
              readable(DATA, half),
              readable(DATA + half, command.length - half),
              writable(ANSWER, 1));
    } else {
      driver.queue(queue).add(readable(DATA, half), writable(ANSWER, 1));
    }
    driver.kick(queue);
    assertEquals(1, driver.queue(queue).nextUsed().length());
    return ram.memory().readU8(ANSWER);
  }

  private static byte[] pairs(int count) {
    return new byte[] {4, 0, (byte) count, (byte) (count >> 8)};
  }

  private static byte[] tables(List<Long> unicast, List<Long> multicast) {
    ByteBuffer out =
        ByteBuffer.allocate(10 + 6 * (unicast.size() + multicast.size()))
            .order(ByteOrder.LITTLE_ENDIAN);
    out.put((byte) 1).put((byte) 0);
    for (List<Long> table : List.of(unicast, multicast)) {
      out.putInt(table.size());
      for (long address : table) {
        for (int shift = 40; shift >= 0; shift -= 8) {
          out.put((byte) (address >> shift));
        }
      }
    }
    return out.array();
  }

  /** Lets frames to these addresses arrive; those of them that the guest gets. */
  private List<Long> taken(long... destinations) {
    List<Long> taken = new ArrayList<>();
    for (long destination : destinations) {
      driver.queue(0).add(writable(DATA + 0x1000, 1600));
      ByteBuffer frame = ByteBuffer.allocate(60).putLong(0, destination << 16);
      first.incoming.add(frame.array());
      NetBackend.Events events = first.events;
      assertNotNull(events);
      events.receiveReady();
      loop.run();
      if (!driver.queue(0).allUsed().isEmpty()) {
        taken.add(destination);
      }
    }
    return taken;
  }

  private void send(int queue, long source) {
    byte[] packet =
        ByteBuffer.allocate(NetHeader.BYTES + 60)
            .putLong(NetHeader.BYTES + 6, source << 16)
            .array();
    ram.memory().write(DATA, packet, 0, packet.length);
    driver.queue(queue).add(readable(DATA, packet.length));
    driver.kick(queue);
  }
}
