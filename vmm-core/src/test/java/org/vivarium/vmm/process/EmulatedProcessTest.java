package org.vivarium.vmm.process;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.vivarium.vmm.Folders;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.client.LocalMachines;
import org.vivarium.vmm.client.MachineConnection;
import org.vivarium.vmm.client.MachineConnection.Console;
import org.vivarium.vmm.client.MachineConnection.ConsoleConnection;
import org.vivarium.vmm.client.MachineStatus;
import org.vivarium.vmm.client.MachineSummary;
import org.vivarium.vmm.client.MetricSample;
import org.vivarium.vmm.client.StartProgress;
import org.vivarium.vmm.config.DeviceSet;
import org.vivarium.vmm.definition.GuestSource;
import org.vivarium.vmm.definition.VmDefinition;
import org.vivarium.vmm.engine.BootStage;

/** The life of a machine as its owner sees it: a real guest in a real process, emulated by QEMU. */
@Tag("emulation")
@Timeout(600)
class EmulatedProcessTest {
  private static final StartProgress SILENT = (_, _) -> {};
  private static final String PROMPT = "tiny:~# ";

  /** The program of the child process. */
  static final class Program {
    private Program() {}

    public static void main(String[] words) {
      System.exit(VmProcess.run(words[0]));
    }
  }

  @TempDir private Path home;
  private LocalMachines machines;

  @BeforeEach
  void create() throws Exception {
    Path images =
        Path.of(System.getProperty("vivarium.test.images", "target/images")).toAbsolutePath();
    Files.createDirectories(images);
    Files.createSymbolicLink(home.resolve("images"), images);
    List<String> java =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path"));
    machines =
        new LocalMachines(
            new Folders(home), new JavaLauncher(java, List.of(Program.class.getName())));
    machines.create(
        new VmDefinition(
            "tiny",
            "",
            2,
            256,
            "qemu",
            new GuestSource.Catalogue(GuestSource.TINY, ""),
            DeviceSet.NONE,
            false));
  }

  @AfterEach
  void end() throws VmmException {
    if (machines.find("tiny").state() == MachineSummary.State.RUNNING) {
      machines.connect("tiny").kill();
    }
  }

  private static String readTo(ConsoleConnection console, String end) throws IOException {
    StringBuilder text = new StringBuilder();
    byte[] bytes = new byte[1];
    while (text.indexOf(end) < 0) {
      if (console.read(bytes, 0, 1) < 0) {
        throw new EndOfConsole(text.toString());
      }
      text.append((char) bytes[0]);
    }
    return text.toString();
  }

  /** The console ended before the text came. */
  private static final class EndOfConsole extends IOException {
    private static final long serialVersionUID = 1L;

    private EndOfConsole(String text) {
      super(text);
    }
  }

  private static void type(ConsoleConnection console, String line) throws IOException {
    byte[] bytes = (line + "\n").getBytes(StandardCharsets.US_ASCII);
    console.write(bytes, 0, bytes.length);
  }

  @Test
  void machineIsStartedWatchedKilledAndStartedAgain() throws Exception {
    String definition = Files.readString(machines.folder("tiny").resolve("vm.json"));
    try (MachineConnection connection = machines.start("tiny", SILENT);
        ConsoleConnection first = connection.openConsole(Console.SERIAL)) {
      readTo(first, PROMPT);
      type(first, "echo $((6*7))");
      readTo(first, "\n42\r\n");
      try (MachineConnection other = machines.connect("tiny");
          ConsoleConnection late = other.openConsole(Console.SERIAL)) {
        readTo(late, "Tiny Linux: ");
        readTo(late, "\n42\r\n" + PROMPT);
        type(late, "nproc");
        readTo(late, "\n2\r\n");
        readTo(first, "\n2\r\n");
      }
      VmmException second = assertThrows(VmmException.class, () -> machines.start("tiny", SILENT));
      assertEquals("The machine tiny is running already.", second.getMessage());

      MachineStatus status = connection.status();
      assertEquals("qemu", status.engine());
      assertEquals(List.of(BootStage.values()), List.copyOf(status.stages().keySet()));
      MetricSample sample = connection.samples(0).getLast();
      assertEquals(2, sample.vcpus().size());
      assertTrue(sample.vcpus().getFirst().guestNanos() > 0, sample.toString());
      assertTrue(sample.hostGuestRam() > 32L << 20, sample.toString());
      assertTrue(sample.hostVmm() > 16L << 20, sample.toString());

      ProcessHandle.of(status.pid()).orElseThrow().destroyForcibly();
      assertThrows(EndOfConsole.class, () -> readTo(first, "never"));
    }
    MachineSummary killed = machines.find("tiny");
    while (killed.state() == MachineSummary.State.RUNNING) {
      // Its console ends a moment before its lock does.
      killed = machines.find("tiny");
    }
    assertEquals(MachineSummary.State.FAILED, killed.state());
    assertTrue(killed.problem().orElseThrow().contains("ended unexpectedly"));
    assertEquals(definition, Files.readString(machines.folder("tiny").resolve("vm.json")));

    try (MachineConnection again = machines.start("tiny", SILENT);
        ConsoleConnection console = again.openConsole(Console.SERIAL)) {
      readTo(console, PROMPT);
      assertTrue(again.shutDown(Duration.ofMinutes(2)));
    }
    assertEquals(MachineSummary.State.STOPPED, machines.find("tiny").state());
    assertEquals(Optional.empty(), machines.find("tiny").problem());
  }

  @Test
  void missingImageIsNamedToTheStarter() throws Exception {
    Path kernel = home.resolve("no-kernel");
    machines.update(
        new VmDefinition(
            "tiny",
            "",
            1,
            256,
            "qemu",
            new GuestSource.Kernel(kernel, null, ""),
            DeviceSet.NONE,
            false));

    VmmException refused = assertThrows(VmmException.class, () -> machines.start("tiny", SILENT));

    assertEquals("Kernel: %s does not exist.".formatted(kernel), refused.getMessage());
    assertEquals(MachineSummary.State.FAILED, machines.find("tiny").state());
    assertEquals(
        "Kernel: %s does not exist.".formatted(kernel),
        machines.find("tiny").problem().orElseThrow());
  }
}
