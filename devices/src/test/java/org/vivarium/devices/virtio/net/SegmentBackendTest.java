package org.vivarium.devices.virtio.net;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.vivarium.devices.virtio.testing.Allocation;
import org.vivarium.devices.virtio.testing.ManualLoop;
import org.vivarium.kvm.NativeBuffer;
import org.vivarium.kvm.UnixSocket;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
class SegmentBackendTest {
  private static final long A = 0x0200_0000_000AL;
  private static final long B = 0x0200_0000_000BL;
  private static final long C = 0x0200_0000_000CL;
  private static final long EVERYBODY = 0xFFFF_FFFF_FFFFL;

  @TempDir Path temporary;
  private final ManualLoop loop = new ManualLoop();
  private final List<Card> cards = new ArrayList<>();

  /** A card that takes every frame while it is not stuck. */
  private final class Card implements NetBackend.Events {
    final SegmentBackend backend;
    final List<byte[]> received = new ArrayList<>();
    private final NetHeader header = new NetHeader();
    private final ByteBuffer frame = ByteBuffer.allocateDirect(NetHeader.MAX_FRAME);
    boolean stuck;
    int rooms;

    Card(long mac) throws IOException {
      backend = SegmentBackend.join(temporary.resolve("lan"), mac, loop);
      backend.start(this, 0);
      cards.add(this);
      loop.run();
    }

    @Override
    public void receiveReady() {
      int n = stuck ? 0 : backend.receive(header, frame);
      while (n > 0) {
        byte[] copy = new byte[n];
        frame.get(0, copy);
        received.add(copy);
        n = backend.receive(header, frame);
      }
    }

    @Override
    public void sendReady() {
      rooms++;
    }

    @Override
    public void carrierChanged() {
      throw new AssertionError("A segment has no carrier to lose");
    }

    boolean send(long to, long from, int length) {
      return backend.send(header, frame(to, from, length));
    }
  }

  @AfterEach
  void close() {
    cards.forEach(card -> card.backend.close());
    loop.run();
    assertEquals(0, loop.watched());
  }

  @Test
  void frameGoesToItsAddressAndABroadcastToAll() throws IOException {
    Card a = new Card(A);
    Card b = new Card(B);
    Card c = new Card(C);

    a.send(B, A, 60);
    a.send(EVERYBODY, A, NetHeader.MAX_FRAME);
    c.send(A, C, 1500);
    loop.run();

    assertEquals(List.of(60, NetHeader.MAX_FRAME), lengths(b));
    assertEquals(List.of(NetHeader.MAX_FRAME), lengths(c));
    assertEquals(List.of(1500), lengths(a));
    ByteBuffer expected = frame(B, A, 60);
    byte[] bytes = new byte[60];
    expected.get(bytes);
    assertArrayEquals(bytes, b.received.getFirst());
  }

  @Test
  void frameToAnAddressBehindSomebodysBridgeGoesToAll() throws IOException {
    Card a = new Card(A);
    Card b = new Card(B);
    Card c = new Card(C);

    b.send(0x0200_0000_9999L, B, 60);
    loop.run();

    assertEquals(1, a.received.size());
    assertEquals(1, c.received.size());
    assertEquals(0, b.received.size());
  }

  @Test
  void memberThatDiedIsMissedAndItsPlaceCanBeTaken() throws IOException {
    Card a = new Card(A);
    Path dead = temporary.resolve("lan").resolve("02000000000b.sock");
    UnixSocket.datagrams(dead).close();
    new Card(C);

    a.send(B, A, 60);
    a.send(EVERYBODY, A, 60);
    Card b = new Card(B);
    a.send(B, A, 70);
    b.send(A, B, 80);
    loop.run();

    assertEquals(List.of(70), lengths(b));
    assertEquals(List.of(80), lengths(a));
  }

  @Test
  void addressThatLivesIsRefusedInOneSentence() throws IOException {
    new Card(A);

    IOException refusal = assertThrows(IOException.class, () -> new Card(A));

    assertEquals(
        "Cannot join the private network "
            + temporary.resolve("lan")
            + ": another machine there has this MAC address.",
        refusal.getMessage());
    assertEquals(1, files());
  }

  @Test
  void folderIsTheUsersAloneAndEmptyAfterwards() throws IOException {
    Card a = new Card(A);
    String rights =
        PosixFilePermissions.toString(Files.getPosixFilePermissions(temporary.resolve("lan")));

    a.backend.close();
    loop.run();
    cards.clear();

    assertEquals("rwx------", rights);
    assertEquals(0, files());
  }

  @Test
  void receiverThatIsStuckHoldsTheSenderUpOnceAndThenLosesFrames() throws IOException {
    Card a = new Card(A);
    Card b = new Card(B);
    Card c = new Card(C);
    b.stuck = true;
    int sent = 0;
    while (a.send(B, A, 1500)) {
      sent++;
    }
    int waits = 1;
    while (!a.send(B, A, 1500)) {
      waits++;
    }

    assertTrue(sent > 0);
    assertTrue(waits < 100);
    assertTrue(a.send(B, A, 1500));
    assertTrue(a.send(C, A, 60));
    loop.run();
    assertEquals(List.of(60), lengths(c));
    b.stuck = false;
    b.receiveReady();
    assertEquals(sent, b.received.size());
    a.send(B, A, 60);
    loop.run();
    assertEquals(sent + 1, b.received.size());
  }

  @Test
  void senderThatWaitsIsToldToTryAgain() throws IOException {
    Card a = new Card(A);
    Card b = new Card(B);
    b.stuck = true;
    boolean room = true;
    while (room) {
      room = a.send(B, A, 1500);
    }
    while (a.rooms == 0) {
      loop.turn();
      Thread.onSpinWait();
    }
    b.stuck = false;
    b.receiveReady();

    assertTrue(a.send(B, A, 1500));
  }

  @Test
  void stoppedCardHoldsNobodyUp() throws IOException {
    Card a = new Card(A);
    Card b = new Card(B);
    b.backend.stop();
    boolean room = true;
    for (int i = 0; i < 2000; i++) {
      room &= a.send(B, A, 1500);
      loop.turn();
    }

    assertTrue(room);
  }

  @Test
  void strangeFilesAndDatagramsAreBorne() throws IOException {
    Path lan = temporary.resolve("lan");
    Card a = new Card(A);
    Files.writeString(lan.resolve("02000000000b.sock"), "no socket");
    Files.createDirectory(lan.resolve("02000000000c.sock"));
    Files.writeString(lan.resolve("readme"), "");
    try (UnixSocket stranger = UnixSocket.datagrams(lan.resolve("stranger"))) {
      UnixSocket.Address target = new UnixSocket.Address(lan.resolve("02000000000a.sock"));
      NativeBuffer bytes = new NativeBuffer(1 << 17);
      for (int length : new int[] {0, 1, 13, 14, NetHeader.MAX_FRAME + 1, 1 << 17}) {
        stranger.send(bytes, 0, length, target);
        loop.run();
      }
    }

    assertEquals(List.of(14, NetHeader.MAX_FRAME, NetHeader.MAX_FRAME), lengths(a));
    assertTrue(a.send(EVERYBODY, A, 60));
    assertTrue(a.send(B, A, 60));
    assertFalse(a.received.isEmpty());
  }

  @Test
  void framesAllocateNothing() throws IOException {
    Card a = new Card(A);
    Card b = new Card(B);
    new Card(C).backend.stop();
    ByteBuffer unicast = frame(B, A, 1000);
    ByteBuffer broadcast = frame(EVERYBODY, A, 1000);
    Runnable round =
        () -> {
          a.backend.send(a.header, unicast);
          a.backend.send(a.header, broadcast);
          int bytes = b.backend.receive(b.header, b.frame);
          bytes += b.backend.receive(b.header, b.frame);
          if (bytes != 2000) {
            throw new AssertionError("A frame is missing");
          }
        };

    assertEquals(0, Allocation.during(2_000, round));
  }

  private long files() throws IOException {
    try (var listed = Files.list(temporary.resolve("lan"))) {
      return listed.count();
    }
  }

  private static List<Integer> lengths(Card card) {
    return card.received.stream().map(frame -> frame.length).toList();
  }

  private static ByteBuffer frame(long to, long from, int length) {
    ByteBuffer made = ByteBuffer.allocateDirect(length);
    made.putLong(0, to << 16 | from >>> 32).putInt(8, (int) from);
    for (int i = 12; i < length; i++) {
      made.put(i, (byte) i);
    }
    return made;
  }
}
