package org.vivarium.kvm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Tag("kvm")
@Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LifecycleTest {
  @Test
  void twoHundredMachinesLeaveNothingBehind() throws Exception {
    oneMachine();
    List<String> files = openFiles();
    List<String> mappings = mappings();
    Set<Long> threads = threads();

    for (int i = 0; i < 200; i++) {
      oneMachine();
    }

    assertEquals(files, openFiles());
    assertEquals(mappings, mappings());
    assertEquals(threads, threads());
  }

  private static void oneMachine() throws Exception {
    try (MicroGuest guest = MicroGuest.realModeWithIrqchip("e6 80", "f4"); // out 0x80, al; hlt
        EventFd event = EventFd.create();
        KvmStats stats = guest.vcpu.openStats()) {
      guest.vm.createPit();
      guest.vm.attachIrqFd(event, 5);
      Thread second =
          Thread.ofPlatform()
              .start(
                  () -> {
                    try (KvmVcpu vcpu = guest.vm.createVcpu(1)) {
                      vcpu.kick();
                      vcpu.run();
                    } catch (KvmException e) {
                      throw new AssertionError(e);
                    }
                  });
      assertEquals(KvmRun.EXIT_IO, guest.run());
      second.join();
      stats.read();
    }
  }

  /** What the open descriptors lead to, those of this module's kinds only: the JVM has its own. */
  private static List<String> openFiles() throws IOException {
    try (DirectoryStream<Path> descriptors = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
      List<String> targets = new java.util.ArrayList<>();
      for (Path descriptor : descriptors) {
        targets.add(target(descriptor));
      }
      return targets.stream()
          .filter(name -> name.matches(".*(kvm|memfd|anon_inode|eventfd).*"))
          .sorted()
          .toList();
    }
  }

  private static String target(Path descriptor) throws IOException {
    try {
      return Files.readSymbolicLink(descriptor).toString();
    } catch (NoSuchFileException closed) {
      return "closed meanwhile: " + closed.getFile();
    }
  }

  private static List<String> mappings() throws IOException {
    return Files.readAllLines(Path.of("/proc/self/maps")).stream()
        .filter(line -> line.matches(".*(kvm-|memfd|anon_inode).*"))
        .toList();
  }

  private static Set<Long> threads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> !thread.isDaemon())
        .map(Thread::threadId)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  @Test
  void closedObjectsSaySo() throws Exception {
    MicroGuest guest = MicroGuest.realMode("f4"); // hlt
    guest.close();
    guest.close();

    assertThrows(IllegalStateException.class, guest.vcpu::run);
    assertThrows(IllegalStateException.class, () -> guest.vm.createVcpu(1));
    assertThrows(IllegalStateException.class, guest.kvm::createVm);
    assertThrows(IllegalStateException.class, () -> guest.memory.readU8(0));
    assertThrows(IllegalStateException.class, () -> guest.exit().exitReason());
  }
}
