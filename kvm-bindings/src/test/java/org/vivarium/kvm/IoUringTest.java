package org.vivarium.kvm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;

import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.vivarium.kvm.GuestMemory.Backing;
import org.vivarium.kvm.NativeFile.Mode;

class IoUringTest extends FileAndMemory {
  private NativeFile file;
  private IoUring ring;

  IoUringTest() throws KvmException {
    super(Backing.ANONYMOUS);
  }

  @BeforeEach
  void open() throws Exception {
    file = NativeFile.open(path, Mode.READ_WRITE);
    ring = ring(8, 32, file);
  }

  @AfterEach
  void close() {
    if (ring != null) {
      ring.close();
    }
    file.close();
  }

  private static IoUring ring(int entries, int completions, NativeFile file) throws KvmException {
    try {
      return IoUring.create(entries, completions, List.of(file));
    } catch (KvmException e) {
      if (e.errno() == Errno.ENOSYS || e.errno() == Errno.EPERM) {
        abort(e.getMessage());
      }
      throw e;
    }
  }

  private void awaitOne() throws KvmException {
    while (!ring.next()) {
      ring.await();
    }
  }

  @Test
  void readFillsEachRangeInTurn() throws Exception {
    ring.add(memory.hva(16, 1000), 1000);
    ring.add(memory.hva(8000, 24), 24);
    ring.read(77, 0, 123);
    assertTrue(ring.submit());
    awaitOne();

    assertEquals(77, ring.data());
    assertEquals(1024, ring.result());
    assertArrayEquals(inFile(123, 1000), inMemory(16, 1000));
    assertArrayEquals(inFile(1123, 24), inMemory(8000, 24));
    assertEquals(0, memory.readU8(1016));
    assertFalse(ring.next());
  }

  @Test
  void writeOfOneRangeChangesTheFileThere() throws Exception {
    byte[] before = inFile(0, SIZE);
    memory.write(0, new byte[] {1, 2, 3, 4}, 0, 4);
    ring.add(memory.hva(0, 4), 4);
    ring.write(1, 0, 500);
    assertTrue(ring.submit());
    awaitOne();

    System.arraycopy(new byte[] {1, 2, 3, 4}, 0, before, 500, 4);
    assertEquals(4, ring.result());
    assertArrayEquals(before, inFile(0, SIZE));
  }

  @Test
  void readAtTheEndOfTheFileIsShort() throws Exception {
    ring.add(memory.hva(0, 100), 100);
    ring.read(0, 0, SIZE - 10);
    ring.submit();
    awaitOne();

    assertEquals(10, ring.result());
  }

  @Test
  void submitMayWaitForCompletions() throws Exception {
    for (int i = 0; i < 4; i++) {
      ring.add(memory.hva(64L * i, 64), 64);
      ring.write(i, 0, 64L * i);
    }

    assertTrue(ring.submit(4, 999_999_999));
    for (int i = 0; i < 4; i++) {
      assertTrue(ring.next());
    }
    assertFalse(ring.next());
  }

  @Test
  void submitWaitsNoLongerThanItsTime() throws Exception {
    ring.close();
    Path pipe = path.resolveSibling("pipe");
    assertEquals(0, new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor());
    try (NativeFile both = NativeFile.open(pipe, Mode.READ_WRITE)) {
      ring = ring(8, 8, both);
    }
    ring.add(memory.hva(0, 1), 1);
    ring.read(5, 0, 0);

    assertTrue(ring.submit(1, 1_000_000));
    assertFalse(ring.next());

    ring.add(memory.hva(64, 1), 1);
    ring.write(6, 0, 0);
    assertTrue(ring.submit(2, 999_999_999));
    assertTrue(ring.next());
    assertTrue(ring.next());
  }

  @Test
  void failureIsTheNegativeErrno() throws Exception {
    ring.close();
    try (NativeFile full = NativeFile.open(Path.of("/dev/full"), Mode.READ_WRITE)) {
      ring = ring(8, 8, full);
    }
    ring.add(memory.hva(0, 100), 100);
    ring.write(0, 0, 0);
    ring.submit();
    awaitOne();

    assertEquals(-Errno.ENOSPC, ring.result());
  }

  @Test
  void fileThatIsNotOpenForItIsRefused() throws Exception {
    ring.close();
    try (NativeFile readOnly = NativeFile.open(path, Mode.READ)) {
      ring = ring(8, 8, readOnly);
    }
    ring.add(memory.hva(0, 100), 100);
    ring.write(0, 0, 0);
    ring.submit();
    awaitOne();

    assertEquals(-Errno.EBADF, ring.result());
  }

  @Test
  void eachOfManyRequestsCompletesOnce() throws Exception {
    BitSet completed = new BitSet();
    int built = 0;
    while (completed.cardinality() < 500) {
      while (built < 500 && built - completed.cardinality() < 32 && ring.hasRoom(1)) {
        ring.add(memory.hva(64L * (built % 32), 64), 64);
        ring.read(built, 0, 64L * built);
        built++;
      }
      assertTrue(ring.submit());
      awaitOne();
      do {
        assertFalse(completed.get((int) ring.data()));
        completed.set((int) ring.data());
        assertEquals(64, ring.result());
      } while (ring.next());
    }

    assertEquals(500, completed.length());
  }

  @Test
  void descriptorIsReadyWhileThereAreCompletions() throws Exception {
    try (Epoll epoll = Epoll.create(1)) {
      epoll.add(ring.fd(), Epoll.IN, 5);
      int before = epoll.await(0);
      ring.add(memory.hva(0, 64), 64);
      ring.read(0, 0, 0);
      ring.submit();
      int during = epoll.await(10_000);
      awaitOne();

      assertEquals(0, before);
      assertEquals(1, during);
      assertEquals(0, epoll.await(0));
    }
  }

  @Test
  void requestsCanBeTakenBackUntilTheyAreSubmitted() throws Exception {
    for (int i = 0; i < 3; i++) {
      ring.add(memory.hva(0, 64), 64);
      ring.write(10 + i, 0, 0);
    }
    assertEquals(12, ring.withdraw());
    assertEquals(11, ring.withdraw());
    assertEquals(10, ring.withdraw());
    assertEquals(-1, ring.withdraw());

    assertTrue(ring.submit());
    assertFalse(ring.next());
    assertArrayEquals(new byte[] {1, 1, 1, 1, 1, 1, 1, 2}, inFile(0, 8));
  }

  @Test
  void moreThanItsEntriesHaveNoRoom() {
    for (int i = 0; i < 8; i++) {
      assertTrue(ring.hasRoom(1));
      ring.add(memory.hva(0, 64), 64);
      ring.read(i, 0, 0);
    }

    assertFalse(ring.hasRoom(1));
    ring.add(memory.hva(0, 64), 64);
    assertThrows(IllegalStateException.class, () -> ring.read(9, 0, 0));
    while (ring.withdraw() >= 0) {
      assertTrue(ring.hasRoom(0));
    }
  }

  @Test
  void kernelTakesNothingFromARingButReadsAndWrites() throws Exception {
    int fsync = 3;
    ring.add(memory.hva(0, 64), 64);
    ring.build(fsync, fsync, 4, 0, 0);
    ring.submit();
    awaitOne();

    assertEquals(-Errno.EACCES, ring.result());
    try (var _ = ring) {
      assertEquals(
          -Errno.EACCES,
          NativeCalls.call(org.vivarium.kvm.ffi.Linux.SYS_io_uring_register(), ring.fd(), 4, 0, 1));
    }
  }

  @Test
  void requestWithoutARangeIsRefused() {
    assertThrows(IllegalStateException.class, () -> ring.read(0, 0, 0));
  }

  @Test
  void closingTwiceClosesOnce() {
    ring.close();
    ring.close();

    assertTrue(ring.isClosed());
  }

  @Test
  void aRequestAllocatesNothing() throws Exception {
    long allocated =
        Allocation.afterWarmUp(
            () -> {
              for (int i = 0; i < 200; i++) {
                ring.add(memory.hva(0, 512), 512);
                ring.add(memory.hva(1024, 512), 512);
                ring.read(i, 0, 512);
                ring.submit();
                awaitOne();
              }
              return ring.result();
            });

    assertEquals(0, allocated);
  }
}
