package org.vivarium.kvm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.vivarium.kvm.ThreadFilter.Kind;
import org.vivarium.kvm.ffi.Linux;

/** Filters of single threads, each in a thread of its own, which ends with it. */
class ThreadFilterTest {
  @TempDir private Path folder;

  /** Makes calls and says what became of each: the errno, or 0. */
  private Map<String, Long> calls(Path file) {
    Map<String, Long> results = new TreeMap<>();
    results.put("open to write", errno(NativeCalls.open(file, Linux.O_RDWR())));
    results.put("open to read", errno(NativeCalls.open(file, Linux.O_RDONLY())));
    results.put(
        "socket",
        errno(NativeCalls.call(Linux.SYS_socket(), Linux.AF_UNIX(), Linux.SOCK_STREAM(), 0)));
    // Without a descriptor; what is let through fails with EBADF.
    results.put("listen", errno(NativeCalls.call(Linux.SYS_listen(), -1, 0)));
    results.put("write to a file", errno(NativeCalls.call(Linux.SYS_pwrite64(), -1, 0, 0, 0)));
    results.put("write to an event", errno(NativeCalls.call(Linux.SYS_write(), -1, 0, 0)));
    results.put("ioctl", errno(NativeCalls.call(Linux.SYS_ioctl(), -1, 0, 0)));
    return results;
  }

  private static long errno(long result) {
    if (result > 2) {
      NativeCalls.call(Linux.SYS_close(), result);
    }
    return Math.max(0, -result);
  }

  /** As in a process of a machine, whose own filter is there first. */
  private static void confine(Kind kind) throws KvmException {
    Landlock.forbidNewPrivileges();
    SeccompFilter.runningGuest().onThisThread();
    SeccompFilter.thread(kind).onThisThread();
  }

  private Map<String, Long> callsOf(Kind kind) throws Exception {
    Path file = Files.writeString(folder.resolve("file"), "text");
    return LandlockTest.inAThread(
        () -> {
          confine(kind);
          return calls(file);
        });
  }

  private static Map<String, Long> expected(long toSocket, long toFile) {
    return new TreeMap<>(
        Map.of(
            "open to write",
            (long) Errno.EPERM,
            "open to read",
            0L,
            "socket",
            toSocket,
            "listen",
            (long) Errno.EPERM,
            "write to a file",
            toFile,
            "write to an event",
            (long) Errno.EBADF,
            "ioctl",
            (long) Errno.EBADF));
  }

  @Test
  void processorHasNeitherSocketsNorFilesToWrite() throws Exception {
    assertEquals(expected(Errno.EPERM, Errno.EPERM), callsOf(Kind.PROCESSOR));
  }

  @Test
  void threadOfDisksWritesWhatIsOpenAlone() throws Exception {
    assertEquals(expected(Errno.EPERM, Errno.EBADF), callsOf(Kind.DISK));
  }

  @Test
  void threadOfDevicesConnectsAndWritesNoFile() throws Exception {
    assertEquals(expected(0, Errno.EPERM), callsOf(Kind.DEVICES));
  }

  @Test
  void otherThreadsMakeTheSameCalls() throws Exception {
    callsOf(Kind.PROCESSOR);
    Path file = Files.writeString(folder.resolve("file"), "text");

    Map<String, Long> results = LandlockTest.inAThread(() -> calls(file));

    assertTrue(
        results.values().stream().noneMatch(errno -> errno == Errno.EPERM), results::toString);
  }

  @Test
  void whatNobodyWantedDoesNotHold() throws Exception {
    Path file = folder.resolve("new");

    LandlockTest.inAThread(
        () -> {
          new ThreadFilter(Kind.PROCESSOR).takeHold();
          return Files.writeString(file, "text");
        });

    assertTrue(Files.exists(file));
  }

  @ParameterizedTest
  @EnumSource
  void javaGoesOnUnderEach(Kind kind) throws Exception {
    Path file = Files.writeString(folder.resolve("file"), "text");
    AtomicReference<String> read = new AtomicReference<>();

    LandlockTest.inAThread(
        () -> {
          confine(kind);
          // Classes that nothing has loaded before, memory, a collection, another thread.
          new java.util.zip.CRC32C().update(new byte[1 << 20]);
          System.gc();
          try (Stream<Path> files = Files.list(folder)) {
            assertEquals(List.of(file), files.toList());
          }
          LandlockTest.inAThread(
              () -> {
                read.set(Files.readString(file));
                return 0;
              });
          assertThrows(
              FileSystemException.class, () -> Files.createFile(folder.resolve("another")));
          assertThrows(IOException.class, () -> Files.move(file, folder.resolve("moved")));
          return List.of();
        });

    assertEquals("text", read.get());
  }
}
