package org.vivarium.vmm.process;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.vivarium.images.disk.RawImage;
import org.vivarium.kvm.Landlock;
import org.vivarium.vmm.Folders;
import org.vivarium.vmm.client.LocalMachines;
import org.vivarium.vmm.client.MachineConnection;
import org.vivarium.vmm.client.MachineConnection.Console;
import org.vivarium.vmm.client.MachineConnection.ConsoleConnection;
import org.vivarium.vmm.client.MetricSample;
import org.vivarium.vmm.config.DeviceSet;
import org.vivarium.vmm.config.DiskConfig;
import org.vivarium.vmm.config.NetBackend;
import org.vivarium.vmm.config.NetConfig;
import org.vivarium.vmm.config.PortForward;
import org.vivarium.vmm.config.RateLimit;
import org.vivarium.vmm.definition.GuestSource;
import org.vivarium.vmm.definition.VmDefinition;

/** A stock kernel on our own engine in a confined VM process, with all that it may still do. */
@Tag("boot")
@Timeout(900)
class ConfinedBootTest {
  private static final String PROMPT = "tiny:~# ";
  private static final int GUEST_PORT = 2222;

  /** The program of the VM process. */
  static final class Program {
    private Program() {}

    public static void main(String[] words) {
      System.exit(VmProcess.run(words[0]));
    }
  }

  @TempDir private Path home;

  private LocalMachines machines(FileConfinement means) throws IOException {
    boolean landlock = Landlock.abi() > 0;
    assumeTrue(
        means == FileConfinement.LANDLOCK ? landlock : MountNamespace.isAvailable(),
        means + " is missing here");
    Files.createSymbolicLink(
        home.resolve("images"), Folders.standard().images().toAbsolutePath().toRealPath());
    String classes =
        Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
            .map(element -> Path.of(element).toAbsolutePath().toString())
            .collect(Collectors.joining(File.pathSeparator));
    List<String> java =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            classes);
    return new LocalMachines(
        new Folders(home),
        new JavaLauncher(
            java,
            List.of(Program.class.getName()),
            landlock && means == FileConfinement.NAMESPACE
                ? Map.of(Confinement.SWITCH, means.word())
                : Map.of()));
  }

  private DiskConfig disk(String id) throws Exception {
    Path file = home.resolve(id + ".img");
    RawImage.create(file, 16 << 20);
    return new DiskConfig(id, file, null, false, id, RateLimit.NONE);
  }

  @ParameterizedTest
  @EnumSource(names = {"LANDLOCK", "NAMESPACE"})
  void guestHasItsDisksAndItsNetworkAndTheProcessNothingElse(FileConfinement means)
      throws Exception {
    PortForward forward = forward();
    PortForward other = forward();
    DiskConfig late = disk("late");
    DeviceSet devices =
        new DeviceSet(
            List.of(disk("first")),
            List.of(
                NetConfig.of("net0", new NetBackend.User(List.of(forward)), "52:54:00:01:02:03")),
            true,
            false,
            false,
            null);
    LocalMachines machines = machines(means);
    machines.create(tiny(devices));

    try (MachineConnection machine = machines.start("tiny", (step, _) -> System.err.println(step));
        ConsoleConnection console = machine.openConsole(Console.SERIAL)) {
      System.err.println("started");
      readTo(console, PROMPT);
      assertEquals("kvm", machine.status().engine());
      assertEquals(Optional.empty(), machine.status().problem());
      assertTrue(
          text(machines.folder("tiny").resolve("state/events.log")).contains(means.description()));

      type(console, "echo on-first | dd of=/dev/vda conv=fsync 2>/dev/null; echo 'w'rote=1");
      readTo(console, "wrote=1\r");
      assertTrue(text(home.resolve("first.img")).startsWith("on-first"));
      requireConfined(machine.status().pid());

      machine.attachDisk(late);
      type(
          console,
          "until [ -e /dev/vdb ]; do sleep 0.1; done;"
              + " echo on-late | dd of=/dev/vdb conv=fsync 2>/dev/null; echo 'w'rote=2");
      readTo(console, "wrote=2\r");
      assertTrue(text(late.file()).startsWith("on-late"));
      machine.detachDisk("late");

      type(console, "until ip route | grep -q default; do sleep 0.2; done; echo 'a'ddress=got");
      readTo(console, "address=got\r");
      assertEquals("hello\n", answerOn(console, forward));
      machine.setForwards("net0", List.of(other));
      assertEquals("hello\n", answerOn(console, other));
      requireConfined(machine.status().pid());

      type(console, "poweroff -f");
      byte[] rest = new byte[4096];
      while (console.read(rest, 0, rest.length) >= 0) {
        Thread.onSpinWait();
      }
    } catch (Exception | AssertionError e) {
      // The rig forgets its files with the test.
      Path state = machines.folder("tiny").resolve("state");
      throw new AssertionError(
          Files.readString(state.resolve("events.log")) + text(state.resolve("console.log")), e);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"LANDLOCK", "NAMESPACE"})
  void hostClockThatIsSetDisturbsNothing(FileConfinement means) throws Exception {
    assumeTrue("1".equals(System.getenv("VIVARIUM_RIG")), "this sets the clock, in kvm-rig alone");
    assumeTrue(Files.isWritable(Path.of("/dev/vhost-net")), "there is no /dev/vhost-net");
    LocalMachines machines = machines(means);
    run("ip", "tuntap", "add", "mode", "tap", "name", "vvclock0");
    run("ip", "addr", "add", "192.0.2.1/24", "dev", "vvclock0");
    run("ip", "link", "set", "vvclock0", "up");
    NetConfig card = NetConfig.of("tap", new NetBackend.Tap("vvclock0"), "52:54:00:01:02:04");
    machines.create(
        tiny(new DeviceSet(List.of(disk("first")), List.of(card), false, false, false, null)));
    Instant before = Instant.now();
    try (MachineConnection machine = machines.start("tiny", (step, _) -> System.err.println(step));
        ConsoleConnection console = machine.openConsole(Console.SERIAL)) {
      readTo(console, PROMPT);
      // What asks for an address, and takes the card's away first, has begun then.
      type(
          console,
          "until pidof udhcpc >/dev/null; do sleep 0.1; done; sleep 1; killall udhcpc;"
              + " ip addr add 192.0.2.2/24 dev eth0; echo 's'et=1");
      readTo(console, "set=1\r");
      assertTrue(kernelMovesFrames(), "a confined process has vhost-net");
      long last = awaitSamples(machine, 3, 0);
      for (long hours : new long[] {3, -6, 0}) {
        machine.setLimit("first", new RateLimit(1 << 20, 0));
        long started = System.nanoTime();
        type(console, "dd if=/dev/vda of=/dev/null bs=1M count=4 2>/dev/null; echo 'd'd=1");
        setClock(before.plusSeconds(hours * 3600));
        readTo(console, "dd=1\r");
        long took = System.nanoTime() - started;
        machine.setLimit("first", RateLimit.NONE);
        type(console, "echo 3 > /proc/sys/vm/drop_caches; sleep 1; ping -c 3 192.0.2.1");
        readTo(console, "3 packets received");
        last = awaitSamples(machine, 3, last);

        // 4 MiB of a tenth of a second's worth at once and 1 MiB a second.
        assertTrue(took > 2_000_000_000L, hours + " hours: " + took + " ns");
        assertEquals("kvm", machine.status().engine());
      }
      type(console, "poweroff -f");
      byte[] rest = new byte[4096];
      while (console.read(rest, 0, rest.length) >= 0) {
        Thread.onSpinWait();
      }
    } finally {
      setClock(before.plusSeconds(60));
      run("ip", "link", "del", "vvclock0");
    }
  }

  private static VmDefinition tiny(DeviceSet devices) {
    return new VmDefinition(
        "tiny", "", 1, 256, "kvm", new GuestSource.Catalogue(GuestSource.TINY, ""), devices, false);
  }

  /** Waits for samples after a time; their times and counts grow. Returns the last one's time. */
  private static long awaitSamples(MachineConnection machine, int count, long after)
      throws Exception {
    List<MetricSample> samples = machine.samples(after);
    while (samples.size() < count) {
      LockSupport.parkNanos(200_000_000);
      samples = machine.samples(after);
    }
    for (int i = 1; i < samples.size(); i++) {
      long step = samples.get(i).millis() - samples.get(i - 1).millis();
      assertTrue(step > 0, () -> "a step of " + step + " ms");
      assertTrue(samples.get(i).vmmCpuNanos() >= samples.get(i - 1).vmmCpuNanos());
    }
    return samples.getLast().millis();
  }

  /** Sets this computer's clock, which is the rig's own. */
  private static void setClock(Instant to) throws Exception {
    run("date", "-s", "@" + to.getEpochSecond());
  }

  private static void run(String... command) throws Exception {
    assertEquals(0, new ProcessBuilder(command).inheritIO().start().waitFor());
  }

  private static boolean kernelMovesFrames() throws IOException {
    try (Stream<Path> processes = Files.list(Path.of("/proc"))) {
      return processes
          .map(process -> process.resolve("comm"))
          .filter(Files::exists)
          .anyMatch(name -> read(name).startsWith("vhost-"));
    }
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException _) {
      return ""; // the process has ended meanwhile
    }
  }

  /** All threads have the process's two filters; those that have served the guest, one more. */
  private static void requireConfined(long pid) throws IOException {
    Set<String> narrow = new TreeSet<>();
    try (Stream<Path> threads = Files.list(Path.of("/proc/" + pid + "/task"))) {
      for (Path thread : threads.toList()) {
        String status = Files.readString(thread.resolve("status"));
        assertTrue(status.contains("\nSeccomp:\t2\n"), status);
        assertTrue(status.contains("\nNoNewPrivs:\t1\n"), status);
        if (status.contains("\nSeccomp_filters:\t3\n")) {
          narrow.add(Files.readString(thread.resolve("comm")).strip());
        } else {
          assertTrue(status.contains("\nSeccomp_filters:\t2\n"), status);
        }
      }
    }
    assertTrue(
        narrow.containsAll(Set.of("vm-tiny-vcpu0", "vm-tiny-io", "first-io")), narrow::toString);
    assertFalse(narrow.stream().anyMatch(name -> name.startsWith("control")), narrow::toString);
  }

  /** What a server in the guest says to who connects to the host's port. */
  private static String answerOn(ConsoleConnection console, PortForward forward) throws Exception {
    type(console, "echo hello | nc -l -p " + GUEST_PORT + "; echo 's'erved=yes");
    for (int attempt = 0; attempt < 50; attempt++) {
      String answer = ask(forward);
      if (!answer.isEmpty()) {
        // The server ends once the caller has.
        readTo(console, "served=yes\r");
        return answer;
      }
      LockSupport.parkNanos(100_000_000);
    }
    throw new AssertionError("Nobody answers on " + forward);
  }

  /** What a server says; empty while passt is between two lives, or the guest does not listen. */
  private static String ask(PortForward forward) {
    try (Socket socket = new Socket(forward.hostAddress(), forward.hostPort())) {
      socket.setSoTimeout(10_000);
      // Debian 12's passt goes on only once the caller has spoken.
      socket.getOutputStream().write("anybody there?\n".getBytes(StandardCharsets.US_ASCII));
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
    } catch (IOException _) {
      return "";
    }
  }

  private static String text(Path file) throws IOException {
    return Files.readString(file, StandardCharsets.ISO_8859_1);
  }

  private static void readTo(ConsoleConnection console, String end) throws IOException {
    StringBuilder text = new StringBuilder();
    byte[] bytes = new byte[1];
    while (text.indexOf(end) < 0) {
      if (console.read(bytes, 0, 1) < 0) {
        throw new IOException("The console ended: " + text);
      }
      text.append((char) bytes[0]);
    }
  }

  /** The quotes in what is typed keep the terminal's echo from being taken for what it prints. */
  private static void type(ConsoleConnection console, String line) throws IOException {
    byte[] bytes = (line + "\n").getBytes(StandardCharsets.US_ASCII);
    console.write(bytes, 0, bytes.length);
  }

  private static PortForward forward() throws Exception {
    try (ServerSocket any = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return PortForward.of(PortForward.Protocol.TCP, "127.0.0.1", any.getLocalPort(), GUEST_PORT);
    }
  }
}
