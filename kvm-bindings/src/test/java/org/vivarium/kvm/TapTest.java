package org.vivarium.kvm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.vivarium.kvm.GuestMemory.Backing;
import org.vivarium.kvm.GuestMemory.Range;
import org.vivarium.kvm.Tap.Offloads;
import org.vivarium.kvm.ffi.Linux;
import org.vivarium.kvm.ffi.ifreq;

/**
 * A TAP interface in a network namespace of one thread's own, which vanishes with the thread.
 * Making it needs root and /dev/net/tun: without them these tests are reported as skipped.
 */
class TapTest {
  private static final String NAME = "vivarium-tap0";
  private static final int HEADER = 12;
  private static final long ETHER_TYPE = 0x1000 + 12;

  /** The host drops frames until its link watcher has seen that the interface is open. */
  private static final int ATTEMPTS = 200;

  private static final int SYS_SENDTO = 44;
  private static final int SYS_UNSHARE = 272;
  private static final long CLONE_NEWNET = 0x4000_0000L;
  private static final long SIOCSIFFLAGS = 0x8914;
  private static final long TUNSETPERSIST = 0x4004_54CBL;
  private static final int AF_PACKET = 17;
  private static final int SOCK_RAW = 3;
  private static final short IFF_UP = 1;

  /** A broadcast frame of the local experimental Ethernet type. */
  private static final byte[] FRAME = new byte[60];

  static {
    ByteBuffer.wrap(FRAME)
        .putLong(0xFFFF_FFFF_FFFF_0202L)
        .putInt(0x0304_0506)
        .putShort((short) 0x88B5)
        .putLong(0x1122_3344_5566_7788L);
  }

  /** Runs on a thread in a network namespace with one interface, {@link #NAME}, that is up. */
  private static <T> T inNamespace(Callable<T> body) throws Exception {
    return inNamespace(0, body);
  }

  /** The same with an interface that has more flags. */
  private static <T> T inNamespace(int flags, Callable<T> body) throws Exception {
    FutureTask<T> task =
        new FutureTask<>(
            () -> {
              long result = NativeCalls.call(SYS_UNSHARE, CLONE_NEWNET);
              assumeTrue(result == 0, "a network namespace needs root");
              assumeTrue(Files.exists(Path.of("/dev/net/tun")), "there is no /dev/net/tun");
              makeInterface(flags);
              return body.call();
            });
    Thread.ofPlatform().start(task);
    try {
      return task.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw e;
    }
  }

  private static void makeInterface(int more) throws KvmException {
    try (Arena scratch = Arena.ofConfined()) {
      MemorySegment request = ifreq.allocate(scratch);
      request.setString(0, NAME);
      int flags = Linux.IFF_TAP() | Linux.IFF_NO_PI() | Linux.IFF_VNET_HDR() | more;
      request.set(ValueLayout.JAVA_SHORT, ifreq.ifr_ifru$offset(), (short) flags);
      int fd = (int) NativeCalls.open(Path.of("/dev/net/tun"), Linux.O_RDWR());
      KvmException.check(NativeCalls.ioctl(fd, Linux.TUNSETIFF(), request.address()), "make it");
      KvmException.check(NativeCalls.ioctl(fd, TUNSETPERSIST, 1), "keep it");
      NativeCalls.call(Linux.SYS_close(), fd);
      request.set(ValueLayout.JAVA_SHORT, ifreq.ifr_ifru$offset(), IFF_UP);
      long socket = NativeCalls.call(Linux.SYS_socket(), Linux.AF_UNIX(), Linux.SOCK_STREAM(), 0);
      KvmException.check(
          NativeCalls.ioctl((int) socket, SIOCSIFFLAGS, request.address()), "bring it up");
      NativeCalls.call(Linux.SYS_close(), socket);
    }
  }

  /** Sends {@link #FRAME} out of the interface, as the host's network stack would. */
  private static void hostSendsFrame() throws Exception {
    int index =
        Files.readAllLines(Path.of("/proc/thread-self/net/dev_mcast")).stream()
            .filter(line -> line.contains(NAME))
            .map(line -> Integer.parseInt(line.strip().split("\\s+")[0]))
            .findFirst()
            .orElseThrow();
    try (Arena scratch = Arena.ofConfined()) {
      MemorySegment address = scratch.allocate(20); // struct sockaddr_ll
      address.set(ValueLayout.JAVA_SHORT, 0, (short) AF_PACKET);
      address.set(ValueLayout.JAVA_INT, 4, index);
      MemorySegment frame = scratch.allocateFrom(ValueLayout.JAVA_BYTE, FRAME);
      long socket = NativeCalls.call(Linux.SYS_socket(), AF_PACKET, SOCK_RAW, 0);
      long sent =
          NativeCalls.call(
              SYS_SENDTO,
              KvmException.check(socket, "make a packet socket"),
              frame.address(),
              FRAME.length,
              0,
              address.address(),
              address.byteSize());
      NativeCalls.call(Linux.SYS_close(), socket);
      KvmException.check(sent, "send a frame");
    }
  }

  @Test
  void frameOfTheHostIsReadAfterItsHeader() throws Exception {
    byte[] frame =
        inNamespace(
            () -> {
              try (Tap tap = Tap.open(NAME, HEADER);
                  Epoll epoll = Epoll.create(1);
                  GuestMemory memory =
                      GuestMemory.allocate(List.of(new Range(0, 0x2000)), Backing.MEMFD)) {
                epoll.add(tap.fd(), Epoll.IN, 0);
                IoVector ranges = new IoVector(2);
                for (int i = 0; i < ATTEMPTS && memory.readU16(ETHER_TYPE) != 0xB588; i++) {
                  hostSendsFrame();
                  epoll.await(100);
                  ranges.clear();
                  ranges.add(memory.hva(0, HEADER), HEADER);
                  ranges.add(memory.hva(0x1000, 0x1000), 0x1000);
                  tap.read(ranges);
                }
                byte[] bytes = new byte[FRAME.length];
                memory.read(0x1000, bytes, 0, bytes.length);
                return bytes;
              }
            });

    assertArrayEquals(FRAME, frame);
  }

  @Test
  void frameThatIsWrittenArrivesAtTheHost() throws Exception {
    String received =
        inNamespace(
            () -> {
              try (Tap tap = Tap.open(NAME, HEADER);
                  GuestMemory memory =
                      GuestMemory.allocate(List.of(new Range(0, 0x1000)), Backing.MEMFD)) {
                memory.write(HEADER, FRAME, 0, FRAME.length);
                IoVector ranges = new IoVector(1);
                int length = HEADER + FRAME.length;
                ranges.add(memory.hva(0, length), length);

                assertEquals(length, tap.write(ranges));

                return Files.readAllLines(Path.of("/proc/thread-self/net/dev")).stream()
                    .filter(line -> line.contains(NAME))
                    .findFirst()
                    .orElseThrow();
              }
            });

    assertEquals(
        List.of(String.valueOf(FRAME.length), "1"),
        List.of(received.split(":")[1].strip().split("\\s+")).subList(0, 2));
  }

  @Test
  void readWouldBlockWhenNoFrameIsThere() throws Exception {
    long result =
        inNamespace(
            () -> {
              try (Tap tap = Tap.open(NAME, HEADER);
                  GuestMemory memory =
                      GuestMemory.allocate(List.of(new Range(0, 0x1000)), Backing.MEMFD)) {
                IoVector ranges = new IoVector(1);
                long n;
                do { // until the frames that the host itself sends when the interface comes up end
                  ranges.clear();
                  ranges.add(memory.hva(0, 0x1000), 0x1000);
                  n = tap.read(ranges);
                } while (n > 0);
                return n;
              }
            });

    assertEquals(Tap.WOULD_BLOCK, result);
  }

  @Test
  void offloadsAreTaken() throws Exception {
    String name =
        inNamespace(
            () -> {
              try (Tap tap = Tap.open(NAME, HEADER)) {
                tap.setOffloads(new Offloads(true, true, true, true));
                tap.setOffloads(Offloads.NONE);
                return tap.name();
              }
            });

    assertEquals(NAME, name);
  }

  @Test
  void interfaceThatIsOpenAlreadyIsBusy() throws Exception {
    KvmException refusal =
        inNamespace(
            () -> {
              try (Tap tap = Tap.open(NAME, HEADER)) {
                assertFalse(tap.isClosed());
                return assertThrows(KvmException.class, () -> Tap.open(NAME, HEADER));
              }
            });

    assertEquals(Errno.EBUSY, refusal.errno());
  }

  @Test
  void interfaceWithSeveralQueuesIsOpenedSeveralTimes() throws Exception {
    KvmException refusal =
        inNamespace(
            Linux.IFF_MULTI_QUEUE(),
            () -> {
              try (Tap first = Tap.open(NAME, HEADER);
                  Tap second = Tap.open(NAME, HEADER)) {
                assertTrue(first.isMultiQueue() && second.isMultiQueue());
                second.setQueueEnabled(false);
                second.setQueueEnabled(true);
                second.setOffloads(Offloads.NONE);
                return assertThrows(KvmException.class, () -> second.setQueueEnabled(true));
              }
            });

    assertEquals(Errno.EINVAL, refusal.errno());
  }

  @Test
  void onlyQueueOfAnInterfaceStaysIn() throws Exception {
    KvmException refusal =
        inNamespace(
            () -> {
              try (Tap tap = Tap.open(NAME, HEADER)) {
                assertFalse(tap.isMultiQueue());
                return assertThrows(KvmException.class, () -> tap.setQueueEnabled(false));
              }
            });

    assertEquals(Errno.EINVAL, refusal.errno());
  }

  @Test
  void badHeaderSizeIsRefused() throws Exception {
    KvmException refusal =
        inNamespace(() -> assertThrows(KvmException.class, () -> Tap.open(NAME, 3)));

    assertEquals(Errno.EINVAL, refusal.errno());
  }

  @Test
  void absentInterfaceIsRefusedAndNotMade() {
    KvmException refusal =
        assertThrows(KvmException.class, () -> Tap.open("vivarium-none", HEADER));

    assertEquals(
        "Cannot find network interface vivarium-none (ENODEV, no such device).",
        refusal.getMessage());
    assertFalse(Files.exists(Path.of("/sys/class/net/vivarium-none")));
  }

  @Test
  void namesThatNoInterfaceCanHaveAreRefused() {
    for (String name : List.of("", "sixteen-letters-", "a\0b")) {
      KvmException refusal = assertThrows(KvmException.class, () -> Tap.open(name, HEADER));

      assertEquals(Errno.EINVAL, refusal.errno());
    }
  }

  @Test
  void offloadsThatNeedOthersAreRefusedAlone() {
    assertThrows(IllegalArgumentException.class, () -> new Offloads(false, true, false, false));
    assertThrows(IllegalArgumentException.class, () -> new Offloads(true, false, false, true));
  }
}
