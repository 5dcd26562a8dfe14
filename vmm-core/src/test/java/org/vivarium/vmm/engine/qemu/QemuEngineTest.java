package org.vivarium.vmm.engine.qemu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.config.BootSource;
import org.vivarium.vmm.config.MachineConfig;
import org.vivarium.vmm.engine.HostMemory;
import org.vivarium.vmm.host.PrivateSockets;

/** What the engine refuses, and what it says when QEMU fails; no real QEMU is run. */
@Timeout(120)
class QemuEngineTest {
  private static final String VERSION =
      "[ \"$1\" = -help ] && { echo 'QEMU emulator version 7.2.22'; exit; }\n";

  @TempDir private Path folder;
  private Path kernel;
  private HostMemory memory;
  private QemuEngine.BootCheck bootCheck = _ -> {};

  @BeforeEach
  void files() throws IOException {
    kernel = Files.writeString(folder.resolve("kernel"), "kernel");
    memory =
        new HostMemory(Files.writeString(folder.resolve("meminfo"), "MemAvailable: 1048576 kB\n"));
  }

  private VmmException refusal(
      QemuLocator locator, long memoryBytes, Path boot, @Nullable Path initrd, String append)
      throws InvalidConfigException {
    MachineConfig config =
        MachineConfig.of("test", 1, memoryBytes, new BootSource(boot, initrd, append));
    QemuEngine engine = new QemuEngine(locator, memory, bootCheck);
    return assertThrows(VmmException.class, () -> engine.create(config, (_, _, _) -> {}, _ -> {}));
  }

  /** With no QEMU to be found, so that a check which comes too late shows. */
  private String invalid(Path boot, @Nullable Path initrd, String append) throws Exception {
    VmmException refusal =
        refusal(new QemuLocator("/nonexistent"), 64L << 20, boot, initrd, append);
    return String.valueOf(assertInstanceOf(InvalidConfigException.class, refusal).getMessage());
  }

  private String failure(String script) throws Exception {
    Path programs = Files.createDirectory(folder.resolve("programs"));
    return String.valueOf(
        refusal(FakeQemu.in(programs, VERSION + script), 64L << 20, kernel, null, "").getMessage());
  }

  @Test
  void missingKernelIsNamed() throws Exception {
    Path missing = folder.resolve("none");

    assertEquals("Kernel: %s does not exist.".formatted(missing), invalid(missing, null, ""));
  }

  @Test
  void folderForAKernelIsNamed() throws Exception {
    assertEquals(
        "Kernel: %s is not a regular file; name a file.".formatted(folder),
        invalid(folder, null, ""));
  }

  @Test
  void deviceForAnInitrdIsNamed() throws Exception {
    assertEquals(
        "Initial RAM disk: /dev/zero is not a regular file; name a file.",
        invalid(kernel, Path.of("/dev/zero"), ""));
  }

  @Test
  void nulInTheCommandLineIsRefused() throws Exception {
    assertTrue(invalid(kernel, null, "a\0b").startsWith("Kernel command line: "));
  }

  @Test
  void bootCheckIsAskedBeforeQemuIsLookedFor() throws Exception {
    bootCheck =
        _ -> {
          throw new InvalidConfigException("Kernel: it is cut off.");
        };

    assertEquals("Kernel: it is cut off.", invalid(kernel, null, ""));
  }

  @Test
  void moreMemoryThanTheHostHasIsRefused() throws Exception {
    VmmException refusal = refusal(new QemuLocator("/nonexistent"), 2L << 30, kernel, null, "");

    assertInstanceOf(InvalidConfigException.class, refusal);
    assertTrue(String.valueOf(refusal.getMessage()).startsWith("Memory: 2048 MiB is more than"));
  }

  @Test
  void missingQemuIsNoInvalidConfig() throws Exception {
    VmmException refusal = refusal(new QemuLocator("/nonexistent"), 64L << 20, kernel, null, "");

    assertEquals(VmmException.class, refusal.getClass());
  }

  @Test
  void qemuThatRefusesIsQuoted() throws Exception {
    assertEquals(
        "QEMU did not start: -foo: invalid option.",
        failure("echo 'qemu-system-x86_64: -foo: invalid option' >&2; exit 1"));
  }

  @Test
  void qemuThatDiesSilentlyIsSaidToHave() throws Exception {
    assertEquals("QEMU did not start: It said nothing about it.", failure("exit 3"));
  }

  @Test
  void failedStartLeavesNoSocketFolder() throws Exception {
    long before = socketFolders();

    failure("exit 3");

    assertEquals(before, socketFolders());
  }

  private static long socketFolders() throws IOException {
    long count = 0;
    for (Path place : PrivateSockets.usualPlaces()) {
      try (Stream<Path> files = Files.list(place)) {
        count += files.filter(f -> f.getFileName().toString().startsWith("vivarium-qemu-")).count();
      }
    }
    return count;
  }
}
