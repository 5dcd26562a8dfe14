package org.vivarium.vmm.process;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.vivarium.vmm.Folders;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.client.LocalMachines;
import org.vivarium.vmm.client.MachineConnection;
import org.vivarium.vmm.client.MachineSummary;
import org.vivarium.vmm.client.Notification;
import org.vivarium.vmm.client.StartProgress;
import org.vivarium.vmm.config.DeviceSet;
import org.vivarium.vmm.definition.GuestSource;
import org.vivarium.vmm.definition.VmDefinition;
import org.vivarium.vmm.store.VmFolder;
import org.vivarium.vmm.store.VmLock;

/** VM processes that are processes: how they are started, survive, are killed and are missed. */
@Timeout(120)
class RealProcessTest {
  private static final StartProgress SILENT = (_, _) -> {};

  /** What such a process runs: a machine without a processor. */
  static final class Program {
    private Program() {}

    public static void main(String[] words) {
      VmProcess process =
          new VmProcess(
              Folders.standard(),
              Map.copyOf(System.getenv()),
              _ -> new FakeMachine.Maker().selection(),
              System.err);
      int status = process.run(words[0], new FileOutputStream(FileDescriptor.out));
      Runtime.getRuntime().halt(status);
    }
  }

  @TempDir private Path home;
  private LocalMachines machines;
  private JavaLauncher launcher;

  @BeforeEach
  void start() throws Exception {
    launcher = launcher(List.of(Program.class.getName()));
    machines = new LocalMachines(new Folders(home), launcher);
    Path kernel = Files.writeString(home.resolve("kernel"), "kernel");
    machines.create(
        new VmDefinition(
            "a",
            "",
            1,
            64,
            "qemu",
            new GuestSource.Kernel(kernel, null, ""),
            DeviceSet.NONE,
            false));
  }

  private JavaLauncher launcher(List<String> program) {
    List<String> java =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:TieredStopAtLevel=1",
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path"));
    return new JavaLauncher(java, program);
  }

  @AfterEach
  void endWhatWaits() {
    launcher.forget();
  }

  /** Only a machine that has run before has a process kept ready. */
  private ProcessHandle keptReady() throws Exception {
    machines.prepare("a");
    assertTrue(launcher.prepared().isEmpty());
    runOnce();
    machines.prepare("a");
    return ProcessHandle.of(launcher.prepared().orElseThrow()).orElseThrow();
  }

  private long runOnce() throws Exception {
    try (MachineConnection connection = machines.start("a", SILENT)) {
      long pid = connection.status().pid();
      connection.kill();
      return pid;
    }
  }

  @Test
  void processThatIsReadyRunsTheMachineAndHoldsNothingBefore() throws Exception {
    ProcessHandle ready = keptReady();

    machines.prepare("a");

    assertEquals(ready.pid(), launcher.prepared().orElseThrow());
    assertFalse(VmLock.isHeld(new VmFolder(machines.folder("a"))));
    assertEquals(MachineSummary.State.STOPPED, machines.find("a").state());
    assertEquals(ready.pid(), runOnce());
    assertTrue(launcher.prepared().isEmpty());
  }

  @Test
  void processThatIsReadyIsNotUsedOnceTheDefinitionHasChanged() throws Exception {
    ProcessHandle ready = keptReady();
    VmDefinition old = machines.find("a").definition().orElseThrow();
    machines.update(
        new VmDefinition("a", "changed", 1, 64, old.engine(), old.guest(), old.devices(), false));

    assertNotEquals(ready.pid(), runOnce());

    machines.prepare("a");
    assertNotEquals(ready.pid(), launcher.prepared().orElseThrow());
    ready.onExit().get(30, TimeUnit.SECONDS);
  }

  @Test
  void processThatIsReadyIsNotUsedOnceAnotherFileIsThere() throws Exception {
    ProcessHandle ready = keptReady();
    Path made = Files.createFile(machines.folder("a").resolve("disk.new"));
    Files.move(made, machines.folder("a").resolve("disk.qcow2"));

    assertNotEquals(ready.pid(), runOnce());
  }

  @Test
  void machineStartsWithoutTheProcessThatWasReadyAndDied() throws Exception {
    ProcessHandle ready = keptReady();
    ready.destroyForcibly();
    ready.onExit().get(30, TimeUnit.SECONDS);

    assertNotEquals(ready.pid(), runOnce());
  }

  @Test
  void processThatIsReadyEndsWithThePipeOfItsKeeper() throws Exception {
    ProcessHandle ready = keptReady();

    launcher.forget();

    ready.onExit().get(30, TimeUnit.SECONDS);
    assertEquals(MachineSummary.State.STOPPED, machines.find("a").state());
  }

  @Test
  void processThatIsReadyEndsWhenItsMachineIsDeleted() throws Exception {
    ProcessHandle ready = keptReady();

    machines.delete("a");

    ready.onExit().get(30, TimeUnit.SECONDS);
    assertTrue(launcher.prepared().isEmpty());
  }

  @Test
  void killedProcessIsMissedWithItsLastWordsAndStartsAgain() throws Exception {
    String definition = Files.readString(machines.folder("a").resolve("vm.json"));
    CompletableFuture<Notification> last = new CompletableFuture<>();
    try (MachineConnection connection = machines.start("a", SILENT)) {
      connection.subscribe(
          told -> {
            if (told instanceof Notification.Disconnected) {
              last.complete(told);
            }
          });
      ProcessHandle process = ProcessHandle.of(connection.status().pid()).orElseThrow();
      assertTrue(process.isAlive());
      process.destroyForcibly();

      Notification.Disconnected told = (Notification.Disconnected) last.get(30, TimeUnit.SECONDS);

      assertFalse(told.asked());
      assertTrue(told.why().contains("ended unexpectedly"), told.why());
      assertTrue(told.why().contains("The machine is running."), told.why());
    }
    MachineSummary summary = machines.find("a");
    assertEquals(MachineSummary.State.FAILED, summary.state());
    assertTrue(summary.problem().orElseThrow().contains("The machine is running."));
    assertEquals(definition, Files.readString(machines.folder("a").resolve("vm.json")));
    try (MachineConnection again = machines.start("a", SILENT)) {
      assertEquals(MachineSummary.State.RUNNING, machines.find("a").state());
      again.kill();
    }
    assertEquals(MachineSummary.State.STOPPED, machines.find("a").state());
  }

  @Test
  void processHasASessionOfItsOwnAndNoTerminal() throws Exception {
    try (MachineConnection connection = machines.start("a", SILENT)) {
      long pid = connection.status().pid();
      String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
      String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");

      // proc(5): field 6 is the session; 7 the terminal, 0 for none.
      assertEquals(pid, Long.parseLong(fields[3]));
      assertEquals("0", fields[4]);
      assertEquals(
          machines.folder("a").resolve("state/events.log").toRealPath(),
          Path.of("/proc/" + pid + "/fd/2").toRealPath());
      assertEquals(Path.of("/dev/null"), Path.of("/proc/" + pid + "/fd/1").toRealPath());
      connection.kill();
    }
  }

  @Test
  void terminationShutsTheGuestDown() throws Exception {
    CompletableFuture<Notification> last = new CompletableFuture<>();
    try (MachineConnection connection = machines.start("a", SILENT)) {
      connection.subscribe(
          told -> {
            if (told instanceof Notification.Disconnected) {
              last.complete(told);
            }
          });
      ProcessHandle.of(connection.status().pid()).orElseThrow().destroy();

      assertEquals(
          new Notification.Disconnected("The guest turned the machine off.", true),
          last.get(30, TimeUnit.SECONDS));
    }
  }

  @Test
  void programThatDoesNotStartIsToldWithItsLastWords() {
    LocalMachines broken =
        new LocalMachines(new Folders(home), launcher(List.of("org.example.Missing")));

    VmmException refused = assertThrows(VmmException.class, () -> broken.start("a", SILENT));

    String sentence = String.valueOf(refused.getMessage());
    assertTrue(
        sentence.startsWith("The process of the machine a ended with status 1 before"), sentence);
    assertTrue(sentence.contains("org.example.Missing"), sentence);
  }

  @Test
  void commandLineOfThisProcessIsKeptWithoutWhatIsNotForAChild() {
    List<String> options =
        JavaLauncher.options(
            List.of(
                "java",
                "-p",
                "mods",
                "-Xmx1g",
                "-XX:ErrorFile=x",
                "-XX:AOTCache=c",
                "-cp",
                "a:/b",
                "-Dprism.order=sw",
                "--add-modules",
                "m",
                "Main",
                "-Xfoo"),
            "Main");

    Path here = Path.of("").toAbsolutePath();
    assertEquals(
        List.of(
            "-p",
            here.resolve("mods").toString(),
            "-XX:AOTCache=c",
            "-cp",
            here.resolve("a") + ":/b",
            "--add-modules",
            "m"),
        options.subList(1, options.size()));
  }
}
