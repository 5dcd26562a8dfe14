package org.vivarium.kvm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vivarium.kvm.Landlock.Access;
import org.vivarium.kvm.ffi.Linux;

/** Restrictions of files, each tried in a thread of its own, which ends with them. */
class LandlockTest {
  @TempDir private Path folder;

  /** Runs something in a thread of its own. */
  static <T> T inAThread(Callable<T> work) throws Exception {
    FutureTask<T> task = new FutureTask<>(work);
    Thread.ofPlatform().start(task).join();
    return task.get();
  }

  /** Rules that let a thread of this JVM load classes. */
  private static Landlock forJava() {
    Landlock rules = new Landlock();
    rules.allow(Path.of(System.getProperty("java.home")), Access.EXECUTE);
    for (String element : System.getProperty("java.class.path").split(File.pathSeparator)) {
      rules.allow(Path.of(element), Access.READ);
    }
    return rules;
  }

  /** The errno of opening a file, or 0. */
  private static long open(Path file, int flags) {
    long fd = NativeCalls.open(file, flags | Linux.O_CLOEXEC());
    if (fd < 0) {
      return -fd;
    }
    NativeCalls.call(Linux.SYS_close(), fd);
    return 0;
  }

  @Test
  void threadOpensWhatItWasAllowedAndNothingElse() throws Exception {
    assumeTrue(Landlock.abi() >= 1, "this kernel has no Landlock");
    Path own = Files.createDirectory(folder.resolve("own"));
    Path foreign = Files.writeString(folder.resolve("foreign"), "secret");
    Path shared = Files.writeString(folder.resolve("shared"), "read me");
    Files.writeString(own.resolve("file"), "mine");
    Landlock rules = forJava().allow(own, Access.OWN).allow(shared, Access.READ);
    rules.allow(folder.resolve("missing"), Access.OWN);

    inAThread(
        () -> {
          Landlock.forbidNewPrivileges();
          rules.restrictThisThread();
          assertEquals(0, open(own.resolve("file"), Linux.O_RDWR()));
          assertEquals(0, open(shared, Linux.O_RDONLY()));
          assertEquals(Errno.EACCES, open(shared, Linux.O_RDWR()));
          assertEquals(Errno.EACCES, open(foreign, Linux.O_RDONLY()));
          Files.move(
              Files.createFile(own.resolve("new")),
              own.resolve("file"),
              java.nio.file.StandardCopyOption.REPLACE_EXISTING);
          assertThrows(
              java.nio.file.AccessDeniedException.class,
              () -> Files.createFile(folder.resolve("elsewhere")));
          assertThrows(
              java.nio.file.AccessDeniedException.class,
              () -> Files.createSymbolicLink(own.resolve("link"), foreign));
          assertThrows(
              java.nio.file.FileSystemException.class,
              () -> Files.createLink(own.resolve("link"), foreign));
          // What the thread starts has it too.
          assertEquals(Errno.EACCES, inAThread(() -> open(foreign, Linux.O_RDONLY())));
          return 0;
        });

    assertEquals(0, open(foreign, Linux.O_RDWR()));
  }

  @Test
  void processOutsideIsNeitherReadNorSignalled() throws Exception {
    assumeTrue(Landlock.abi() >= 6, "this kernel's Landlock has no scopes");
    Process outside = new ProcessBuilder("sleep", "60").start();
    try {
      Landlock rules = forJava().allow(Path.of("/proc"), Access.READ);
      inAThread(
          () -> {
            Landlock.forbidNewPrivileges();
            rules.restrictThisThread();
            Path process = Path.of("/proc", Long.toString(outside.pid()));
            assertEquals(0, open(process.resolve("stat"), Linux.O_RDONLY()));
            assertTrue(open(process.resolve("mem"), Linux.O_RDONLY()) != 0);
            assertEquals(false, outside.toHandle().destroyForcibly());
            return 0;
          });
      assertTrue(outside.isAlive());
    } finally {
      outside.destroyForcibly();
    }
  }

  @Test
  void olderKernelsAreNotAskedForWhatTheyDoNotKnow() {
    assertEquals(0, Landlock.handled(1) >> 14);
    assertEquals(1, Landlock.handled(3) >> 14);
    assertEquals(3, Landlock.handled(5) >> 14);
    assertEquals(7, Landlock.handled(9) >> 14);
    assertEquals(
        Linux.LANDLOCK_ACCESS_FS_READ_FILE(),
        Landlock.applicable(
            Linux.LANDLOCK_ACCESS_FS_READ_FILE() | Linux.LANDLOCK_ACCESS_FS_READ_DIR(), false, 7));
  }
}
