package org.vivarium.vmm.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.vivarium.vmm.Folders;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.client.MachineConnection.Console;
import org.vivarium.vmm.client.MachineConnection.ConsoleConnection;
import org.vivarium.vmm.client.MachineSummary.State;
import org.vivarium.vmm.config.DeviceSet;
import org.vivarium.vmm.config.DiskConfig;
import org.vivarium.vmm.config.PortForward;
import org.vivarium.vmm.config.RateLimit;
import org.vivarium.vmm.definition.GuestSource;
import org.vivarium.vmm.definition.VmDefinition;
import org.vivarium.vmm.engine.BootStage;
import org.vivarium.vmm.engine.MachineState;
import org.vivarium.vmm.process.FakeMachine;
import org.vivarium.vmm.process.HostedMachine;
import org.vivarium.vmm.store.ProcessRecord;
import org.vivarium.vmm.store.VmFolder;

/** Machines as their owner handles them; the machines themselves are fake. */
@Timeout(120)
class LocalMachinesTest {
  private static final StartProgress SILENT = (_, _) -> {};
  private static final Duration SOON = Duration.ofSeconds(30);

  @TempDir private Path home;
  private Path kernel;
  private HostedMachine launcher;
  private LocalMachines machines;

  @BeforeEach
  void start() throws Exception {
    kernel = Files.writeString(home.resolve("kernel"), "kernel");
    launcher = new HostedMachine(Files.createDirectory(home.resolve("run")));
    machines = new LocalMachines(new Folders(home), launcher);
  }

  @AfterEach
  void stop() throws InterruptedException {
    launcher.endAll();
  }

  private VmDefinition definition(String name) {
    DeviceSet devices = new DeviceSet(List.of(), List.of(), true, false, true, null);
    return new VmDefinition(
        name, "", 1, 64, "auto", new GuestSource.Kernel(kernel, null, ""), devices, false);
  }

  private MachineConnection started(String name) throws VmmException {
    machines.create(definition(name));
    return machines.start(name, SILENT);
  }

  private static String sentence(VmmException e) {
    return String.valueOf(e.getMessage());
  }

  private static String readTo(ConsoleConnection console, String end) throws Exception {
    StringBuilder text = new StringBuilder();
    byte[] bytes = new byte[1];
    while (text.indexOf(end) < 0 && console.read(bytes, 0, 1) > 0) {
      text.append((char) bytes[0]);
    }
    return text.toString();
  }

  @Test
  void createdMachineIsFoundListedChangedAndDeleted() throws Exception {
    machines.create(definition("b"));
    machines.create(definition("a"));
    VmDefinition larger =
        new VmDefinition("a", "two", 2, 128, "qemu", new GuestSource.Disk(""), withDisk(), true);

    machines.update(larger);

    assertEquals(List.of("a", "b"), machines.list().stream().map(MachineSummary::name).toList());
    assertEquals(
        new MachineSummary(
            "a", Optional.of(larger), State.STOPPED, Optional.empty(), Optional.empty()),
        machines.find("a"));
    machines.delete("a");
    assertThrows(InvalidConfigException.class, () -> machines.find("a"));
    try (var left = Files.list(home.resolve("vms"))) {
      assertEquals(List.of("b"), left.map(path -> path.getFileName().toString()).toList());
    }
  }

  private static DeviceSet withDisk() {
    DiskConfig disk = new DiskConfig("d", Path.of("d.raw"), null, false, "", RateLimit.NONE);
    return new DeviceSet(List.of(disk), List.of(), false, false, false, null);
  }

  @Test
  void takenAndImpossibleNamesAreRefused() throws Exception {
    machines.create(definition("a"));

    assertThrows(InvalidConfigException.class, () -> machines.create(definition("a")));
    assertThrows(InvalidConfigException.class, () -> machines.create(definition("..")));
    assertThrows(InvalidConfigException.class, () -> machines.create(definition("a/b")));
    assertThrows(InvalidConfigException.class, () -> machines.find("../vms/a"));
    assertEquals(1, machines.list().size());
  }

  @Test
  void deletingFollowsNoLinkOutOfTheFolder() throws Exception {
    machines.create(definition("a"));
    Path outside = Files.createDirectory(home.resolve("outside"));
    Files.writeString(outside.resolve("file"), "kept");
    Files.createSymbolicLink(machines.folder("a").resolve("link"), outside);

    machines.delete("a");

    assertEquals("kept", Files.readString(outside.resolve("file")));
  }

  @Test
  void definitionsThatCannotBeReadAreListedAsBrokenWithWhy() throws Exception {
    for (String name : List.of("empty", "folder", "cut", "fifo", "missing", "text", "huge")) {
      Files.createDirectories(home.resolve("vms").resolve(name));
    }
    Path vms = home.resolve("vms");
    Files.writeString(vms.resolve("empty/vm.json"), "");
    Files.createDirectory(vms.resolve("folder/vm.json"));
    Files.writeString(vms.resolve("cut/vm.json"), "{\"version\":1,");
    assertEquals(
        0, new ProcessBuilder("mkfifo", vms.resolve("fifo/vm.json").toString()).start().waitFor());
    Files.write(vms.resolve("text/vm.json"), new byte[] {(byte) 0xff, (byte) 0xfe});
    Files.write(vms.resolve("huge/vm.json"), new byte[2 << 20]);
    machines.create(definition("whole"));

    List<MachineSummary> all = machines.list();

    assertEquals(8, all.size());
    for (MachineSummary one : all) {
      boolean whole = one.name().equals("whole");
      assertEquals(whole ? State.STOPPED : State.BROKEN, one.state(), one.name());
      assertEquals(whole, one.problem().isEmpty());
      assertTrue(
          whole || one.problem().orElseThrow().contains(one.name() + "/vm.json"),
          one.problem().toString());
    }
  }

  @Test
  void editByHandIsSeen() throws Exception {
    machines.create(definition("a"));
    machines.list();
    Path file = machines.folder("a").resolve("vm.json");

    Files.writeString(file, Files.readString(file).replace("\"cpus\" : 1", "\"cpus\" : 3"));

    assertEquals(3, machines.find("a").definition().orElseThrow().cpus());
  }

  @Test
  void startedMachineRunsTellsItsStatusAndObeys() throws Exception {
    try (MachineConnection connection = started("a")) {
      MachineStatus status = connection.status();
      assertEquals(MachineState.RUNNING, status.state());
      assertEquals("fake", status.engine());
      assertEquals("Engine: fake.", status.engineReason());
      while (!connection.status().stages().containsKey(BootStage.FIRST_INSTRUCTION)) {
        // The stages of a boot are heard one after the other.
        assertFalse(connection.status().state().isEnd());
      }
      assertEquals(State.RUNNING, machines.find("a").state());
      assertEquals(Optional.of("fake"), machines.find("a").engine());

      connection.pause();
      assertEquals(MachineState.PAUSED, connection.status().state());
      connection.resume();
      connection.reset();
      connection.attachDisk(new DiskConfig("x", Path.of("x.raw"), null, true, "", RateLimit.NONE));
      connection.resizeDisk("x", 4096);
      connection.setLink("n", false);
      connection.setForwards(
          "n", List.of(new PortForward(PortForward.Protocol.TCP, "127.0.0.1", 1, 2)));
      connection.setLimit("x", new RateLimit(5, 6));
      connection.setBalloonTarget(7);

      assertEquals(
          List.of(
              "reset",
              "attach x " + machines.folder("a").resolve("x.raw"),
              "resize x 4096",
              "link n false",
              "forwards n 1",
              "limit x 5",
              "balloon 7"),
          launcher.engine.last().asked());
      VmmException refused = assertThrows(VmmException.class, () -> connection.detachDisk("x"));
      assertEquals("The disk x is in use.", refused.getMessage());
    }
  }

  @Test
  void impossibleParametersAreNamed() throws Exception {
    try (MachineConnection connection = started("a")) {
      InvalidConfigException refused =
          assertThrows(InvalidConfigException.class, () -> connection.resizeDisk("x/y", 1));

      assertTrue(sentence(refused).startsWith("id: found \"x/y\"; allowed is"), sentence(refused));
    }
  }

  @Test
  void gracefulShutdownPressesAgainAndTheNextStartWorks() throws Exception {
    try (MachineConnection connection = started("a")) {
      assertTrue(connection.shutDown(SOON));
    }
    assertEquals(List.of("button", "button"), launcher.engine.last().asked());
    assertEquals(State.STOPPED, machines.find("a").state());
    assertEquals(Optional.empty(), machines.find("a").problem());

    try (MachineConnection again = machines.start("a", SILENT)) {
      assertEquals(MachineState.RUNNING, again.status().state());
    }
  }

  @Test
  void shutdownForcesTheMachineOffWhenPatienceEnds() throws Exception {
    try (MachineConnection connection = started("a")) {
      assertFalse(connection.shutDown(Duration.ofMillis(1)));
    }
    assertEquals(State.STOPPED, machines.find("a").state());
  }

  @Test
  void killReturnsWhenTheProcessHasEnded() throws Exception {
    try (MachineConnection connection = started("a")) {
      connection.kill();

      assertEquals(State.STOPPED, machines.find("a").state());
      machines.delete("a");
      assertThrows(VmmException.class, connection::status);
    }
  }

  @Test
  void secondStartAndDeletingAreRefusedWhileItRuns() throws Exception {
    try (MachineConnection connection = started("a")) {
      VmmException second = assertThrows(VmmException.class, () -> machines.start("a", SILENT));
      assertEquals("The machine a is running already.", second.getMessage());
      // Two starts at the same moment: both get past the first look, and the lock decides.
      VmmException raced =
          assertThrows(
              VmmException.class,
              () -> launcher.launch(new Folders(home), machines.folder("a"), Instant.now()));
      assertEquals("The machine a is running already.", raced.getMessage());
      assertThrows(VmmException.class, () -> machines.delete("a"));
      assertEquals(MachineState.RUNNING, connection.status().state());
    }
  }

  @Test
  void staleSocketAndTheRemainsOfADeadProcessDoNotHinderAStart() throws Exception {
    machines.create(definition("a"));
    VmFolder folder = new VmFolder(machines.folder("a"));
    try (MachineConnection connection = machines.start("a", SILENT)) {
      connection.kill();
    }
    Path sockets = ProcessRecord.read(folder).orElseThrow().sockets();
    Files.createDirectories(sockets);
    Files.createFile(sockets.resolve("control.sock"));
    new ProcessRecord(
            1, sockets, Optional.of("fake"), ProcessRecord.Phase.RUNNING, false, Optional.empty())
        .write(folder);

    MachineSummary dead = machines.find("a");
    VmmException notRunning = assertThrows(VmmException.class, () -> machines.connect("a"));

    assertEquals(State.FAILED, dead.state());
    assertTrue(
        dead.problem().orElseThrow().contains("ended unexpectedly"), dead.problem().toString());
    assertTrue(sentence(notRunning).contains("is not running"));
    try (MachineConnection connection = machines.start("a", SILENT)) {
      assertEquals(State.RUNNING, machines.find("a").state());
      assertEquals(
          PosixFilePermissions.fromString("rw-------"),
          Files.getPosixFilePermissions(sockets.resolve("control.sock")));
      assertEquals(MachineState.RUNNING, connection.status().state());
    }
  }

  @Test
  void panicIsHowItEndedAndSubscribersHearIt() throws Exception {
    BlockingQueue<Notification> heard = new LinkedBlockingQueue<>();
    try (MachineConnection connection = started("a");
        ConsoleConnection console = connection.openConsole(Console.SERIAL)) {
      connection.subscribe(heard::add);
      console.write("!".getBytes(StandardCharsets.US_ASCII), 0, 1);

      Notification last = await(heard, Notification.Disconnected.class::isInstance);

      assertEquals(
          new Notification.Disconnected("The guest's kernel panicked: somebody typed it.", false),
          last);
    }
    RemoteMachine.awaitUnlocked(new VmFolder(machines.folder("a")), SOON);
    assertEquals(State.FAILED, machines.find("a").state());
    assertEquals(
        Optional.of("The guest's kernel panicked: somebody typed it."),
        machines.find("a").problem());
  }

  private static Notification await(
      BlockingQueue<Notification> heard, Predicate<Notification> wanted)
      throws InterruptedException {
    while (true) {
      Notification next = heard.poll(SOON.toSeconds(), TimeUnit.SECONDS);
      if (next == null) {
        throw new AssertionError("No such notification");
      }
      if (wanted.test(next)) {
        return next;
      }
    }
  }

  @Test
  void everyClientHearsStatesStagesLogAndSamples() throws Exception {
    BlockingQueue<Notification> first = new LinkedBlockingQueue<>();
    BlockingQueue<Notification> second = new LinkedBlockingQueue<>();
    try (MachineConnection one = started("a");
        MachineConnection two = machines.connect("a")) {
      one.subscribe(first::add);
      two.subscribe(second::add);
      one.pause();

      for (BlockingQueue<Notification> heard : List.of(first, second)) {
        await(heard, new Notification.StateChanged(MachineState.PAUSED)::equals);
        Notification sampled = await(heard, Notification.Sampled.class::isInstance);
        MetricSample sample = assertInstanceOf(Notification.Sampled.class, sampled).sample();
        assertEquals(50, sample.guestMemoryFree());
        assertEquals(Map.of("io", 7L), sample.exits());
        assertEquals(1, sample.devices().size());
        assertTrue(sample.hostVmm() > 0);
      }
      assertFalse(one.samples(0).isEmpty());
      assertTrue(one.samples(Long.MAX_VALUE).isEmpty());
    }
  }

  @Test
  void viewersShareAConsoleAndLateOnesReadItFromTheFirstByte() throws Exception {
    try (MachineConnection connection = started("a");
        ConsoleConnection first = connection.openConsole(Console.SERIAL)) {
      assertEquals(FakeMachine.GREETING, readTo(first, "\n"));
      first.write("typed\n".getBytes(StandardCharsets.US_ASCII), 0, 6);
      assertEquals("typed\n", readTo(first, "\n"));

      try (ConsoleConnection late = connection.openConsole(Console.SERIAL)) {
        assertEquals(FakeMachine.GREETING, readTo(late, "\n"));
        assertEquals("typed\n", readTo(late, "\n"));
        late.write("both\n".getBytes(StandardCharsets.US_ASCII), 0, 5);
        assertEquals("both\n", readTo(late, "\n"));
      }
      assertEquals("both\n", readTo(first, "\n"));
      connection.kill();
      assertEquals("", readTo(first, "\n"));
    }
    assertTrue(
        Files.readString(machines.folder("a").resolve("state/console.log"))
            .startsWith(FakeMachine.GREETING + "typed\nboth\n"));
  }

  @Test
  void virtioConsoleIsAnotherAndKnowsItsSize() throws Exception {
    try (MachineConnection connection = started("a");
        ConsoleConnection console = connection.openConsole(Console.VIRTIO)) {
      console.resize(100, 30);
      console.write("x\n".getBytes(StandardCharsets.US_ASCII), 0, 2);

      assertEquals("x\n", readTo(console, "\n"));
      assertEquals(List.of("console 100x30"), launcher.engine.last().asked());
    }
  }

  @Test
  void watchTellsOfMachinesMadeStartedAndEndedByWhomever() throws Exception {
    BlockingQueue<List<MachineSummary>> told = new LinkedBlockingQueue<>();
    try (Machines.Watch _ = machines.watch(told::add)) {
      LocalMachines other = new LocalMachines(new Folders(home), launcher);
      awaitList(told, List.of());
      other.create(definition("a"));
      awaitList(told, List.of(State.STOPPED));
      MachineConnection connection = other.start("a", SILENT);
      awaitList(told, List.of(State.RUNNING));
      connection.pause();
      awaitList(told, List.of(State.PAUSED));
      connection.kill();
      awaitList(told, List.of(State.STOPPED));
      other.delete("a");
      awaitList(told, List.of());
    }
  }

  private static void awaitList(BlockingQueue<List<MachineSummary>> told, List<State> states)
      throws InterruptedException {
    List<MachineSummary> next;
    do {
      next = told.poll(SOON.toSeconds(), TimeUnit.SECONDS);
      if (next == null) {
        throw new AssertionError("The list never was " + states);
      }
    } while (!next.stream().map(MachineSummary::state).toList().equals(states));
  }

  @Test
  void startOfWhatCannotBootSaysWhyAndLeavesNothingRunning() throws Exception {
    VmDefinition disk =
        new VmDefinition("d", "", 1, 64, "auto", new GuestSource.Disk(""), withDisk(), false);
    machines.create(disk);

    InvalidConfigException refused =
        assertThrows(InvalidConfigException.class, () -> machines.start("d", SILENT));

    assertTrue(sentence(refused).matches("Disk .*d\\.raw does not exist.*"), sentence(refused));
    assertEquals(State.FAILED, machines.find("d").state());
    assertEquals(Optional.of(sentence(refused)), machines.find("d").problem());
    machines.delete("d");
  }
}
