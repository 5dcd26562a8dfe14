package org.vivarium.kvm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UnixSocketTest {
  @TempDir Path folder;
  private final NativeBuffer buffer = new NativeBuffer(1 << 20);

  @Test
  void streamCarriesBytesBothWaysAndEnds() throws KvmException {
    Path path = folder.resolve("s");
    try (UnixSocket listener = UnixSocket.listen(path, 4)) {
      UnixSocket nobodyYet = listener.accept();
      try (UnixSocket client = UnixSocket.connect(path);
          UnixSocket server = listener.accept()) {
        assertNull(nobodyYet);
        assertNotNull(server);
        buffer.bytes().put(0, (byte) 42);

        assertEquals(UnixSocket.WOULD_BLOCK, server.read(buffer, 8, 8));
        assertEquals(1, client.write(buffer, 0, 1));
        assertEquals(1, server.read(buffer, 8, 8));
        assertEquals(42, buffer.bytes().get(8));
        client.endWriting();
        assertEquals(0, server.read(buffer, 8, 8));
        assertEquals(1, server.write(buffer, 0, 1));
      }
    }
  }

  @Test
  void peerThatHasGoneIsAResult() throws KvmException {
    List<UnixSocket> pair = UnixSocket.pair();
    try (UnixSocket stays = pair.getFirst()) {
      boolean before = stays.isHungUp();
      pair.getLast().endWriting();
      boolean halfway = stays.isHungUp();
      pair.getLast().close();

      assertFalse(before);
      assertFalse(halfway);
      assertTrue(stays.isHungUp());
      assertEquals(UnixSocket.CLOSED, stays.write(buffer, 0, 1));
      assertEquals(0, stays.read(buffer, 0, 1));
    }
  }

  @Test
  void fullStreamTakesAPartAndThenNothing() throws KvmException {
    List<UnixSocket> pair = UnixSocket.pair();
    try (UnixSocket writer = pair.getFirst();
        UnixSocket reader = pair.getLast()) {
      long first = writer.write(buffer, 0, buffer.size());
      long second = writer.write(buffer, 0, 1 << 18);
      IoVector ranges = new IoVector(2);
      ranges.add(buffer.address(0, 100), 100);
      ranges.add(buffer.address(200, 100), 100);

      assertTrue(first > 0 && first < buffer.size());
      assertEquals(UnixSocket.WOULD_BLOCK, second);
      assertEquals(200, reader.read(ranges));
    }
  }

  @Test
  void datagramsKeepTheirBoundsAndFindOnlyWhoIsThere() throws KvmException {
    Path path = folder.resolve("a");
    try (UnixSocket sender = UnixSocket.datagrams(folder.resolve("b"))) {
      UnixSocket.Address address = new UnixSocket.Address(path);
      assertEquals(UnixSocket.CLOSED, sender.send(buffer, 0, 10, address));
      UnixSocket receiver = UnixSocket.datagrams(path);

      assertEquals(10, sender.send(buffer, 0, 10, address));
      assertEquals(0, sender.send(buffer, 0, 0, address));
      assertEquals(65_553, sender.send(buffer, 0, 65_553, address));
      assertEquals(10, receiver.read(buffer, 0, 100));
      assertEquals(0, receiver.read(buffer, 0, 100));
      assertEquals(65_553, receiver.read(buffer, 0, buffer.size()));
      receiver.close();
      assertEquals(UnixSocket.CLOSED, sender.send(buffer, 0, 10, address));
    }
  }

  @Test
  void refusalsNameTheSocket() throws KvmException {
    Path taken = folder.resolve("taken");
    Path tooLong = folder.resolve("x".repeat(108));
    try (UnixSocket listener = UnixSocket.listen(taken, 1)) {
      KvmException twice = assertThrows(KvmException.class, () -> UnixSocket.listen(taken, 1));
      KvmException nobody =
          assertThrows(KvmException.class, () -> UnixSocket.connect(folder.resolve("n")));
      KvmException name = assertThrows(KvmException.class, () -> UnixSocket.connect(tooLong));

      assertEquals(Errno.EADDRINUSE, twice.errno());
      assertEquals(Errno.ENOENT, nobody.errno());
      assertEquals(Errno.ENAMETOOLONG, name.errno());
      assertTrue(twice.getMessage().contains(taken.toString()));
      assertTrue(listener.fd() >= 0);
    }
  }

  @Test
  void socketThatWasLeftIsDeletedAndAFileIsNot() throws IOException {
    Path left = folder.resolve("left");
    Path file = Files.writeString(folder.resolve("file"), "mine");
    UnixSocket.datagrams(left).close();

    UnixSocket.deleteStale(left);
    UnixSocket.deleteStale(file);
    UnixSocket.deleteStale(folder.resolve("none"));

    assertFalse(Files.exists(left));
    assertTrue(Files.exists(file));
  }

  @Test
  void partsOutsideABufferAreRefused() {
    assertThrows(IndexOutOfBoundsException.class, () -> buffer.address(-1, 2));
    assertThrows(IndexOutOfBoundsException.class, () -> buffer.address(buffer.size(), 1));
    assertThrows(IndexOutOfBoundsException.class, () -> buffer.address(1, Integer.MAX_VALUE));
  }

  @Test
  void transfersAllocateNothing() throws Exception {
    List<UnixSocket> pair = UnixSocket.pair();
    try (UnixSocket writer = pair.getFirst();
        UnixSocket reader = pair.getLast()) {
      long allocated =
          Allocation.afterWarmUp(
              () -> {
                for (int i = 0; i < 1_000; i++) {
                  writer.write(buffer, 0, 100);
                  reader.read(buffer, 100, 100);
                }
                return 0;
              });

      assertEquals(0, allocated);
    }
  }
}
