package org.vivarium.vmm.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.vivarium.images.tiny.TinyLinux;
import org.vivarium.vmm.config.DeviceSet;
import org.vivarium.vmm.config.DiskConfig;
import org.vivarium.vmm.config.DiskFormat;
import org.vivarium.vmm.config.NetBackend;
import org.vivarium.vmm.config.NetConfig;
import org.vivarium.vmm.config.RateLimit;
import org.vivarium.vmm.engine.DeviceFigures;
import org.vivarium.vmm.engine.qemu.TestConsole;

/**
 * A guest with stock drivers whose card the kernel serves (vhost-net), through all that may end
 * that.
 */
@Tag("boot")
@Timeout(600)
class VhostBootTest {
  private static final String TAP = "vvvh0";
  private static final String HOST = "192.0.2.1";
  private static final String MAC = "52:54:00:01:00:07";
  private static final int BYTES = 8 << 20;
  private static final String PING = "ping -c 3 " + HOST;

  /** Gives the card an address once what asks for one, and takes the card's away, has begun. */
  private static final String CARD =
      "until pidof udhcpc >/dev/null; do sleep 0.1; done; sleep 1; killall udhcpc;"
          + " ip addr add 192.0.2.2/24 dev eth0";

  private static boolean made;
  private static TinyGuest guest;
  @TempDir private static Path folder;

  @BeforeAll
  static void boot() throws Exception {
    assumeTrue(Files.isWritable(Path.of("/dev/vhost-net")), "there is no /dev/vhost-net");
    make(TAP, HOST);
    made = true;
    guest = boot(TAP, "");
    prepare(guest);
  }

  private static void make(String tap, String address) throws Exception {
    GuestTools.output("ip", "tuntap", "add", "mode", "tap", "name", tap);
    GuestTools.output("ip", "addr", "add", address + "/24", "dev", tap);
    GuestTools.output("ip", "link", "set", tap, "up");
  }

  @AfterAll
  static void end() throws Exception {
    if (guest != null) {
      guest.close();
    }
    if (made) {
      GuestTools.output("ip", "link", "del", TAP);
    }
  }

  private static TinyGuest boot(String tap, String extra) throws Exception {
    DiskConfig tools =
        new DiskConfig("tools", GuestTools.disk(folder), DiskFormat.RAW, true, "", RateLimit.NONE);
    DeviceSet devices =
        new DeviceSet(
            List.of(tools),
            List.of(NetConfig.of("tap", new NetBackend.Tap(tap), MAC)),
            false,
            false,
            false,
            null);
    return TinyGuest.boot(new TinyGuest.Request(TinyLinux.DEFAULT_FLAVOUR, 2, 256, extra, devices));
  }

  private static void prepare(TinyGuest which) throws InterruptedException {
    which.console.readTo(TinyGuest.PROMPT, TinyGuest.PATIENCE);
    ask(which, GuestTools.UNPACK + "; " + CARD);
  }

  @Test
  void dataPassWithoutASystemCallOfTheMachinesProcess() throws Exception {
    assertEquals(1, kernelThreads());
    DeviceFigures before = figures();
    long calls = systemCalls();
    int passed = exchange("");
    long callsMeanwhile = systemCalls() - calls;
    DeviceFigures after = figures();
    long frames =
        after.operationsIn()
            + after.operationsOut()
            - before.operationsIn()
            - before.operationsOut();

    assertEquals(BYTES, passed);
    assertTrue(after.bytesIn() - before.bytesIn() > BYTES, after::toString);
    assertTrue(after.bytesOut() - before.bytesOut() > BYTES, after::toString);
    // Unseen frames cost nothing; seen, each would cost a call at least.
    assertTrue(
        callsMeanwhile < frames / 4, () -> callsMeanwhile + " calls for " + frames + " frames");
  }

  @Test
  void interruptsThatMoveBetweenProcessorsAreNotLost() throws Exception {
    ask(
        guest,
        "(while :; do for p in 1 2; do for i in $(awk -F: '/virtio.*put/ {print $1+0}'"
            + " /proc/interrupts); do echo $p > /proc/irq/$i/smp_affinity; done; done; done) & true");

    assertEquals(BYTES, exchange(""));

    String counts =
        ask(guest, "kill $!; awk '/input/ {print \"one=\" ($2 > 0) ($3 > 0)}' /proc/interrupts");
    assertTrue(counts.contains("one=11"), counts);
  }

  @Test
  void driverIsTakenOffAndPutBack() throws Exception {
    String driver = "/sys/bus/virtio/drivers/virtio_net/";
    ask(
        guest,
        "d=$(basename $(readlink /sys/class/net/eth0/device)); echo $d > " + driver + "unbind");
    int without = kernelThreads();
    String again = ask(guest, "echo $d > " + driver + "bind; " + CARD + "; " + PING);

    assertEquals(0, without);
    assertEquals(1, kernelThreads());
    assertTrue(again.contains("3 packets received"), again);
  }

  @Test
  void cableIsPulledAndPutBack() throws Exception {
    guest.machine.setLink("tap", false);
    String down = ask(guest, awaitCarrier(0) + "; ping -c 1 -W 1 " + HOST);
    int without = kernelThreads();
    guest.machine.setLink("tap", true);
    String up = ask(guest, awaitCarrier(1) + "; " + PING);

    assertTrue(down.contains("0 packets received"), down);
    assertEquals(0, without);
    assertTrue(up.contains("3 packets received"), up);
    assertEquals(1, kernelThreads());
  }

  @Test
  void limitsComeAndGoWhileDataPass() throws Exception {
    guest.machine.setLimit("tap", new RateLimit(1L << 30, 0));
    String limited = ask(guest, PING);
    int without = kernelThreads();
    int passed = exchange("");
    guest.machine.setLimit("tap", RateLimit.NONE);
    String free = ask(guest, PING);

    assertEquals(BYTES, passed);
    assertTrue(limited.contains("3 packets received"), limited);
    assertEquals(0, without);
    assertTrue(free.contains("3 packets received"), free);
    assertEquals(1, kernelThreads());
  }

  @Test
  void machineIsPausedAndRestarted() throws Exception {
    guest.machine.pause();
    guest.machine.resume();
    String resumed = ask(guest, PING);
    guest.machine.reset();
    prepare(guest);
    String restarted = ask(guest, PING);

    assertTrue(resumed.contains("3 packets received"), resumed);
    assertTrue(restarted.contains("3 packets received"), restarted);
    assertEquals(1, kernelThreads());
    assertEquals("192.0.2.2", guest.machine.guestAddress().orElse("none"));
  }

  @Test
  void guestWithoutMessagesIsInterruptedOverItsPin() throws Exception {
    String tap = "vvvh1";
    make(tap, "198.51.100.1");
    try (TinyGuest other = boot(tap, "pci=nomsi")) {
      prepare(other);
      int threads = kernelThreads();
      String answer =
          ask(
              other,
              "ip addr add 198.51.100.2/24 dev eth0; ping -c 3 198.51.100.1;"
                  + " grep -c PCI-MSI /proc/interrupts");

      assertEquals(2, threads);
      assertTrue(answer.contains("3 packets received"), answer);
      assertTrue(answer.matches("(?s).*[\\r\\n]0\\s.*"), answer);
    } finally {
      GuestTools.output("ip", "link", "del", tap);
    }
  }

  private static String awaitCarrier(int wanted) {
    return "until [ $(cat /sys/class/net/eth0/carrier) = %d ]; do :; done".formatted(wanted);
  }

  /** Threads of the kernel's that move frames; nobody else has any in the rig. */
  private static int kernelThreads() throws IOException {
    try (Stream<Path> processes = Files.list(Path.of("/proc"))) {
      int count = 0;
      for (Path process : (Iterable<Path>) processes::iterator) {
        Path name = process.resolve("comm");
        if (Files.exists(name) && Files.readString(name).startsWith("vhost-")) {
          count++;
        }
      }
      return count;
    }
  }

  /** Reads and writes of the thread that serves devices' queues, but for disks'. */
  private static long systemCalls() throws IOException {
    try (Stream<Path> threads = Files.list(Path.of("/proc/self/task"))) {
      for (Path thread : (Iterable<Path>) threads::iterator) {
        if (Files.readString(thread.resolve("comm")).startsWith("vm-test-io")) {
          return Files.readAllLines(thread.resolve("io")).stream()
              .filter(line -> line.startsWith("sysc"))
              .mapToLong(line -> Long.parseLong(line.split(" ")[1]))
              .sum();
        }
      }
    }
    throw new AssertionError("There is no thread that serves devices");
  }

  private static DeviceFigures figures() throws Exception {
    return guest.machine.deviceFigures().stream()
        .filter(device -> device.id().equals("tap"))
        .findFirst()
        .orElseThrow();
  }

  /** Has the guest send bytes to a server here, which sends them back; how many came back. */
  private static int exchange(String with) throws Exception {
    try (ServerSocketChannel host =
        ServerSocketChannel.open().bind(new InetSocketAddress(InetAddress.getByName(HOST), 0))) {
      int port = ((InetSocketAddress) host.getLocalAddress()).getPort();
      TestConsole.type(
          guest.machine,
          with + " /usr/bin/perl /exchange.pl tcp " + HOST + " " + port + " " + BYTES);
      try (SocketChannel peer = host.accept()) {
        ByteBuffer all = ByteBuffer.allocate(BYTES);
        while (all.hasRemaining() && peer.read(all) >= 0) {
          // Until the guest has sent all.
        }
        all.flip();
        int length = all.remaining();
        while (all.hasRemaining()) {
          peer.write(all);
        }
        peer.shutdownOutput();
        guest.console.readTo("exchanged=" + BYTES + "\r", TinyGuest.PATIENCE);
        return length;
      }
    }
  }

  /** What commands at the prompt print, what was typed included. */
  private static String ask(TinyGuest which, String commands) throws InterruptedException {
    TestConsole.type(which.machine, commands + "; echo asked=$((1))");
    return which.console.readTo("asked=1\r", TinyGuest.PATIENCE);
  }
}
