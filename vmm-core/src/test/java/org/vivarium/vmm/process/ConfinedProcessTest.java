package org.vivarium.vmm.process;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.vivarium.kvm.Landlock;
import org.vivarium.vmm.Folders;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.client.LocalMachines;
import org.vivarium.vmm.client.MachineConnection;
import org.vivarium.vmm.client.StartProgress;
import org.vivarium.vmm.config.DeviceSet;
import org.vivarium.vmm.config.DiskConfig;
import org.vivarium.vmm.config.RateLimit;
import org.vivarium.vmm.definition.GuestSource;
import org.vivarium.vmm.definition.VmDefinition;

/** What a VM process cannot do: tried by one, whose machine has no processor. */
@Timeout(120)
class ConfinedProcessTest {
  private static final StartProgress SILENT = (_, _) -> {};
  private static final String REFUSED = "refused";

  /** Runs a machine to its end and then tries what an intruder would. */
  static final class Intruder {
    private final Map<String, String> results = new TreeMap<>();

    private Intruder() {}

    /** Something that should be refused. */
    interface Attempt {
      void run() throws Exception;
    }

    public static void main(String[] words) throws Exception {
      VmProcess process =
          new VmProcess(
              Folders.standard(),
              Map.copyOf(System.getenv()),
              _ -> new FakeMachine.Maker().selection(),
              System.err);
      if (process.run(words[0], new FileOutputStream(FileDescriptor.out)) != 0) {
        // It may not be confined yet.
        Runtime.getRuntime().halt(1);
      }
      Intruder intruder = new Intruder();
      Path machine = Folders.standard().vms().resolve(words[0]);
      intruder.files(machine);
      String starter = System.getenv("STARTER");
      if (starter != null) {
        intruder.system(Long.parseLong(starter));
      }
      Path report = machine.resolve("state/report");
      Files.write(
          report,
          intruder.results.entrySet().stream().map(e -> e.getKey() + "=" + e.getValue()).toList());
      Runtime.getRuntime().halt(0);
    }

    private void attempt(String name, Attempt attempt) {
      try {
        attempt.run();
        results.put(name, "done");
      } catch (Exception _) {
        results.put(name, REFUSED);
      }
    }

    private void files(Path machine) throws Exception {
      Path home = Folders.standard().home();
      attempt("read a foreign file", () -> Files.readString(home.resolve("foreign")));
      attempt("see a foreign file", () -> find(home, "foreign"));
      attempt("read another machine", () -> Files.readString(machine.resolveSibling("b/vm.json")));
      attempt("write a base", () -> Files.writeString(home.resolve("images/new"), "x"));
      attempt(
          "write the definition",
          () -> Files.writeString(machine.resolve("vm.json"), "{}", StandardOpenOption.WRITE));
      attempt(
          "replace the definition",
          () ->
              Files.move(
                  Files.writeString(machine.resolve("state/new"), "{}"),
                  machine.resolve("vm.json"),
                  StandardCopyOption.REPLACE_EXISTING));
      attempt("delete the definition", () -> Files.delete(machine.resolve("vm.json")));
      attempt(
          "make a symbolic link",
          () -> Files.createSymbolicLink(machine.resolve("state/link"), home.resolve("foreign")));
      attempt(
          "make a hard link",
          () -> Files.createLink(machine.resolve("state/hard"), home.resolve("foreign")));
      attempt("write a read-only disk", () -> Files.writeString(home.resolve("ro.img"), "x"));
      attempt("read a read-only disk", () -> Files.readString(home.resolve("ro.img")));
      attempt(
          "write a disk",
          () -> Files.writeString(home.resolve("rw.img"), "written", StandardOpenOption.WRITE));
      attempt("write its state", () -> Files.writeString(machine.resolve("state/own"), "x"));
      attempt("execute", () -> new ProcessBuilder("/bin/true").start());
      attempt("listen", () -> new ServerSocket(0, 1, InetAddress.getLoopbackAddress()).close());
      attempt("open another process's memory", () -> Files.newInputStream(Path.of("/proc/1/mem")));
    }

    private static void find(Path folder, String name) throws Exception {
      try (Stream<Path> files = Files.list(folder)) {
        if (files.noneMatch(file -> file.endsWith(name))) {
          throw new IllegalStateException("hidden");
        }
      }
    }

    /** What would do harm to the test if it were not refused. */
    private void system(long starter) {
      attempt(
          "signal",
          () -> {
            if (!ProcessHandle.of(starter).orElseThrow().destroy()) {
              throw new IllegalStateException("refused");
            }
          });
      // The numbers are x86-64's.
      call("mount", 165);
      call("ptrace", 101);
      call("unshare", 272);
      call("bpf", 321);
      call("keyctl", 250);
      call("io_uring_setup", 425);
      call("perf_event_open", 298);
      call("getppid", 110);
    }

    @SuppressWarnings("restricted") // The test calls what the product does not.
    private void call(String name, long number) {
      Linker linker = Linker.nativeLinker();
      MethodHandle call =
          linker.downcallHandle(
              linker.defaultLookup().find("syscall").orElseThrow(),
              FunctionDescriptor.of(
                  ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG));
      attempt(
          name,
          () -> {
            try {
              if ((long) call.invokeExact(number, 0L) < 0) {
                throw new IllegalStateException("refused");
              }
            } catch (Throwable e) {
              throw new Exception(e);
            }
          });
    }
  }

  @TempDir private Path home;

  @BeforeEach
  void create() throws Exception {
    Files.writeString(home.resolve("foreign"), "secret");
    Files.writeString(home.resolve("ro.img"), "read");
    Files.writeString(home.resolve("rw.img"), "before");
    Files.createDirectory(home.resolve("images"));
    Path kernel = Files.writeString(home.resolve("kernel"), "kernel");
    DeviceSet devices =
        DeviceSet.NONE.withDisks(
            List.of(
                new DiskConfig("ro", home.resolve("ro.img"), null, true, "", RateLimit.NONE),
                new DiskConfig("rw", home.resolve("rw.img"), null, false, "", RateLimit.NONE)));
    for (String name : List.of("a", "b")) {
      machines(Map.of())
          .create(
              new VmDefinition(
                  name,
                  "",
                  1,
                  64,
                  "kvm",
                  new GuestSource.Kernel(kernel, null, ""),
                  devices,
                  false));
    }
  }

  private LocalMachines machines(Map<String, String> environment) {
    List<String> java =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:TieredStopAtLevel=1",
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                .map(element -> Path.of(element).toAbsolutePath().toString())
                .collect(Collectors.joining(File.pathSeparator)));
    return new LocalMachines(
        new Folders(home), new JavaLauncher(java, List.of(Intruder.class.getName()), environment));
  }

  /** Has a machine live and die, and returns what its process could do after that. */
  private Map<String, String> report(LocalMachines machines) throws Exception {
    try (MachineConnection connection = machines.start("a", SILENT)) {
      end(connection);
    }
    Map<String, String> results = new TreeMap<>();
    for (String line : Files.readAllLines(machines.folder("a").resolve("state/report"))) {
      results.put(line.split("=")[0], line.split("=")[1]);
    }
    return results;
  }

  /** Ends a machine and waits until its process has written its report. */
  private static void end(MachineConnection connection) throws Exception {
    ProcessHandle process = ProcessHandle.of(connection.status().pid()).orElseThrow();
    connection.kill();
    process.onExit().get(60, TimeUnit.SECONDS);
  }

  private static String status(long pid, String field) throws Exception {
    return Files.readAllLines(Path.of("/proc/" + pid + "/status")).stream()
        .filter(line -> line.startsWith(field + ":"))
        .map(line -> line.substring(field.length() + 1).strip())
        .findFirst()
        .orElseThrow();
  }

  /** The environment that has processes confined by one means, where this computer has it. */
  private static Map<String, String> by(FileConfinement means) {
    boolean landlock = Landlock.abi() >= 6;
    assumeTrue(
        means == FileConfinement.LANDLOCK ? landlock : MountNamespace.isAvailable(),
        means + " is missing here, or old");
    return landlock && means == FileConfinement.NAMESPACE
        ? Map.of(Confinement.SWITCH, means.word())
        : Map.of();
  }

  @ParameterizedTest
  @EnumSource(names = {"LANDLOCK", "NAMESPACE"})
  void takenOverProcessReachesNothingButItsOwn(FileConfinement means) throws Exception {
    Map<String, String> environment = new HashMap<>(by(means));
    environment.put("STARTER", Long.toString(ProcessHandle.current().pid()));

    Map<String, String> results = report(machines(environment));

    List<String> allowed =
        List.of("getppid", "read a read-only disk", "write a disk", "write its state");
    Map<String, String> expected = new TreeMap<>();
    results.keySet().forEach(name -> expected.put(name, allowed.contains(name) ? "done" : REFUSED));
    assertEquals(expected, results);
    assertEquals(25, results.size());
    assertEquals("secret", Files.readString(home.resolve("foreign")));
  }

  @ParameterizedTest
  @EnumSource(names = {"LANDLOCK", "NAMESPACE"})
  void everyThreadIsFilteredAndWithoutNewPrivileges(FileConfinement means) throws Exception {
    try (MachineConnection connection = machines(by(means)).start("a", SILENT)) {
      long pid = connection.status().pid();
      assertEquals(Optional.of(means.description()), connection.status().confinedBy());
      try (Stream<Path> threads = Files.list(Path.of("/proc/" + pid + "/task"))) {
        for (Path thread : threads.toList()) {
          String text = Files.readString(thread.resolve("status"));
          assertTrue(text.contains("\nSeccomp:\t2\n"), text);
          assertTrue(text.contains("\nSeccomp_filters:\t2\n"), text);
          assertTrue(text.contains("\nNoNewPrivs:\t1\n"), text);
        }
      }
      assertTrue(
          Files.readString(machines(Map.of()).folder("a").resolve("state/events.log"))
              .contains("is confined by " + means.description()));
      // The starter itself is as it was.
      assertEquals("0", status(ProcessHandle.current().pid(), "NoNewPrivs"));
      end(connection);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"LANDLOCK", "NAMESPACE"})
  void diskAttachedLaterIsLinkedToWhereTheProcessOpensIt(FileConfinement means) throws Exception {
    Path late = Files.writeString(home.resolve("late.raw"), "late");
    LocalMachines machines = machines(by(means));
    try (MachineConnection connection = machines.start("a", SILENT)) {
      connection.attachDisk(new DiskConfig("late", late, null, true, "", RateLimit.NONE));

      Path link = machines.folder("a").resolve("attached-read-only/late-late.raw");
      assertTrue(Files.isSameFile(late, link));
      DiskConfig elsewhere =
          new DiskConfig("no", Path.of("/proc/version"), null, true, "", RateLimit.NONE);
      VmmException refused =
          assertThrows(VmmException.class, () -> connection.attachDisk(elsewhere));
      assertTrue(String.valueOf(refused.getMessage()).contains("stop the machine, attach"));
      end(connection);
    }
    try (MachineConnection again = machines.start("a", SILENT)) {
      assertFalse(Files.exists(machines.folder("a").resolve("attached-read-only/late-late.raw")));
      end(again);
    }
    assertTrue(Files.exists(late));
  }

  @Test
  void switchTurnsItOffAndEveryoneIsTold() throws Exception {
    LocalMachines machines = machines(Map.of(Confinement.SWITCH, "off"));
    try (MachineConnection connection = machines.start("a", SILENT)) {
      assertEquals("0", status(connection.status().pid(), "Seccomp"));
      assertEquals(Optional.empty(), connection.status().confinedBy());
      assertTrue(connection.status().problem().orElseThrow().contains("NOT confined"));
      assertTrue(machines.find("a").problem().orElseThrow().contains("NOT confined"));
      assertTrue(
          Files.readString(machines.folder("a").resolve("state/events.log"))
              .contains("NOT confined"));
      end(connection);
    }
  }

  @Test
  void attemptsSucceedWhereNothingIsConfined() throws Exception {
    Map<String, String> results = report(machines(Map.of(Confinement.SWITCH, "off")));

    for (String name :
        List.of(
            "read a foreign file",
            "see a foreign file",
            "read another machine",
            "write a base",
            "delete the definition",
            "make a symbolic link",
            "make a hard link",
            "execute",
            "listen")) {
      assertEquals("done", results.get(name), name);
    }
  }
}
