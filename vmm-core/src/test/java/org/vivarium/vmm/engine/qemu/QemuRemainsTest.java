package org.vivarium.vmm.engine.qemu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.vivarium.vmm.engine.VirtualMachine;
import org.vivarium.vmm.host.PrivateSockets;

/** What is left behind by machines that have ended, and by a process of ours that was killed. */
@Tag("emulation")
@Timeout(600)
class QemuRemainsTest {
  private static final Duration BOOT = Duration.ofSeconds(120);

  private static void startAndStop(int round) throws Exception {
    TestConsole console = new TestConsole();
    try (VirtualMachine machine =
        new QemuEngine(_ -> {}).create(TestGuest.config("remains", 2), console, _ -> {})) {
      if (round % 4 > 0) {
        machine.start();
      }
      if (round % 4 > 1) {
        machine.pause();
      }
      if (round % 4 > 2) {
        machine.resume();
        machine.reset();
      }
    }
  }

  @Test
  void twentyMachinesLeaveNoProcessThreadDescriptorOrFile() throws Exception {
    // Another class's desktop may keep a process ready in this JVM.
    List<ProcessHandle> before = ProcessHandle.current().children().toList();
    startAndStop(3);
    long files = openFiles();

    for (int round = 0; round < 20; round++) {
      startAndStop(round);
    }

    assertEquals(List.of(), threads());
    assertEquals(before, ProcessHandle.current().children().toList());
    assertEquals(List.of(), socketFolders());
    assertEquals(files, openFiles());
  }

  private static long openFiles() throws IOException {
    try (Stream<Path> files = Files.list(Path.of("/proc/self/fd"))) {
      return files.count();
    }
  }

  private static List<String> threads() {
    return Thread.getAllStackTraces().keySet().stream()
        .map(Thread::getName)
        .filter(name -> name.startsWith("remains"))
        .toList();
  }

  private static List<Path> socketFolders() throws IOException {
    List<Path> found = new ArrayList<>();
    for (Path place : PrivateSockets.usualPlaces()) {
      try (Stream<Path> files = Files.list(place)) {
        files
            .filter(file -> file.getFileName().toString().startsWith("vivarium-qemu-"))
            .forEach(found::add);
      }
    }
    return found;
  }

  @Test
  void qemuDiesWithItsParentWhenThatIsKilled() throws Exception {
    TestGuest.config("unused", 1);
    Process parent =
        new ProcessBuilder(
                ProcessHandle.current().info().command().orElseThrow(),
                "-cp",
                System.getProperty("java.class.path"),
                "-Dvivarium.test.images=" + TestGuest.images(),
                Parent.class.getName())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    long qemu;
    try (BufferedReader reader = parent.inputReader(StandardCharsets.UTF_8)) {
      String line = reader.readLine();
      assertNotNull(line, "The child process did not start a machine");
      qemu = Long.parseLong(line);
      assertTrue(runs(qemu));

      parent.destroyForcibly().waitFor();
    }

    long end = System.nanoTime() + Duration.ofSeconds(30).toNanos();
    while (runs(qemu) && System.nanoTime() - end < 0) {
      LockSupport.parkNanos(10_000_000);
    }
    assertFalse(runs(qemu));
    assertEquals(List.of(), socketFolders());
  }

  /** Whether the process executes; one that is dead but not yet waited for does not. */
  private static boolean runs(long pid) throws IOException {
    try {
      String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
      return stat.charAt(stat.lastIndexOf(')') + 2) != 'Z';
    } catch (NoSuchFileException _) {
      return false;
    }
  }

  /** A process of its own that runs a machine until it is killed, and prints QEMU's id. */
  static final class Parent {
    private Parent() {}

    public static void main(String[] arguments) throws Exception {
      TestConsole console = new TestConsole();
      try (VirtualMachine machine =
          new QemuEngine(_ -> {}).create(TestGuest.config("parent", 1), console, _ -> {})) {
        machine.start();
        console.readTo(TestGuest.PROMPT, BOOT);
        System.out.println(ProcessHandle.current().children().findFirst().orElseThrow().pid());
        machine.await(Duration.ofHours(1));
      }
    }
  }
}
