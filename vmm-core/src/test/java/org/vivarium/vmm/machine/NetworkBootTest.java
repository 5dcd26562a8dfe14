package org.vivarium.vmm.machine;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vivarium.images.disk.RawImage;
import org.vivarium.images.tiny.TinyLinux;
import org.vivarium.vmm.config.DeviceSet;
import org.vivarium.vmm.config.DiskConfig;
import org.vivarium.vmm.config.DiskFormat;
import org.vivarium.vmm.config.NetBackend;
import org.vivarium.vmm.config.NetConfig;
import org.vivarium.vmm.config.RateLimit;
import org.vivarium.vmm.config.VsockConfig;
import org.vivarium.vmm.engine.qemu.TestConsole;

/**
 * Two guests with stock drivers: one on a TAP interface and a private network, with sockets to the
 * host, the other on the private network. Both are booted once, for a boot takes long in the rig.
 */
@Tag("boot")
class NetworkBootTest {
  private static final String TAP = "vvnb0";
  private static final String HOST = "192.0.2.1";
  private static final int BYTES = 4 << 20;
  private static final int PORT = 5000;

  /** As good as nothing: a bucket is overdrawn by one request and then stays so. */
  private static final RateLimit STANDSTILL = new RateLimit(1, 0);

  private static boolean tapMade;
  private static TinyGuest first;
  private static TinyGuest second;
  @TempDir private static Path folder;

  @BeforeAll
  static void bootBoth() throws Exception {
    assumeTrue(Files.isWritable(Path.of("/dev/net/tun")), "there is no /dev/net/tun");
    assumeTrue(
        new ProcessBuilder("ip", "tuntap", "add", "mode", "tap", "multi_queue", "name", TAP)
                .start()
                .waitFor()
            == 0,
        "making a TAP interface needs root");
    tapMade = true;
    GuestTools.output("ip", "addr", "add", HOST + "/24", "dev", TAP);
    GuestTools.output("ip", "link", "set", TAP, "up");
    Path scratch = folder.resolve("scratch.img");
    RawImage.create(scratch, 16 << 20);
    DiskConfig tools = disk("tools", GuestTools.disk(folder), true);
    NetBackend segment = new NetBackend.Segment("boot-test-" + ProcessHandle.current().pid());
    first =
        boot(
            2,
            new DeviceSet(
                List.of(tools, disk("scratch", scratch, false)),
                List.of(
                    NetConfig.of("tap", new NetBackend.Tap(TAP), "52:54:00:01:00:01"),
                    NetConfig.of("segment", segment, "52:54:00:01:00:02")),
                false,
                false,
                false,
                new VsockConfig(3, folder.resolve("v"))));
    second =
        boot(
            1,
            new DeviceSet(
                List.of(tools),
                List.of(NetConfig.of("segment", segment, "52:54:00:01:00:03")),
                false,
                false,
                false,
                null));
    for (TinyGuest guest : List.of(first, second)) {
      guest.console.readTo(TinyGuest.PROMPT, TinyGuest.PATIENCE);
      ask(guest, GuestTools.UNPACK + "; killall udhcpc");
    }
    ask(first, "ip addr add 192.0.2.2/24 dev eth0; ip addr add 198.51.100.1/24 dev eth1");
    ask(second, "ip addr add 198.51.100.2/24 dev eth0");
  }

  @AfterAll
  static void endBoth() throws Exception {
    for (TinyGuest guest : new TinyGuest[] {first, second}) {
      if (guest != null) {
        guest.close();
      }
    }
    if (tapMade) {
      GuestTools.output("ip", "link", "del", TAP);
    }
  }

  @Test
  void tapInterfaceCarriesFramesWithChecksumsAndSegmentationUndone() throws Exception {
    String features = ask(first, "cat /sys/class/net/eth0/device/features");
    long frames = figure("rx_packets") + figure("tx_packets");
    long segments = guestSegments() + hostSegments();
    try (ServerSocketChannel host =
        ServerSocketChannel.open().bind(new InetSocketAddress(InetAddress.getByName(HOST), 0))) {
      int port = ((InetSocketAddress) host.getLocalAddress()).getPort();

      assertEquals(BYTES, exchange(host, "", "tcp " + HOST + " " + port));
    }
    long framesPassed = figure("rx_packets") + figure("tx_packets") - frames;
    long segmentsSent = guestSegments() + hostSegments() - segments;

    // CSUM, GUEST_CSUM, GUEST_TSO4, GUEST_TSO6, HOST_TSO4, HOST_TSO6, the lowest bit first.
    assertTrue(features.matches("(?s).*\\b11.....11..11.*"), features);
    // Two segments in a frame are the least where there is more to send than fits into one.
    assertTrue(
        framesPassed < segmentsSent * 3 / 4,
        () -> framesPassed + " frames had " + segmentsSent + " segments");
  }

  private static long guestSegments() throws Exception {
    String told = ask(first, "awk '/^Tcp: [0-9]/ {print \"segments=\" $12}' /proc/net/snmp");
    Matcher matcher = Pattern.compile("segments=(\\d+)").matcher(told);
    assertTrue(matcher.find(), told);
    return Long.parseLong(matcher.group(1));
  }

  private static long hostSegments() throws IOException {
    return Files.readAllLines(Path.of("/proc/net/snmp")).stream()
        .filter(line -> line.matches("Tcp: [0-9].*"))
        .mapToLong(line -> Long.parseLong(line.split(" ")[11]))
        .sum();
  }

  @Test
  void everyProcessorHasItsPairOfQueues() throws Exception {
    try (ServerSocketChannel host =
        ServerSocketChannel.open().bind(new InetSocketAddress(InetAddress.getByName(HOST), 0))) {
      int port = ((InetSocketAddress) host.getLocalAddress()).getPort();

      // From the second processor, whose frames go out, and are answered, by the second pair.
      assertEquals(BYTES, exchange(host, "taskset 2", "tcp " + HOST + " " + port));
    }
    String interrupts = ask(first, "awk '/input.1/ {print \"taken=\" $2 + $3}' /proc/interrupts");

    assertTrue(interrupts.matches("(?s).*\\btaken=[1-9].*"), interrupts);
  }

  @Test
  void machinesOfOneSegmentReachEachOther() throws Exception {
    String ping = ask(first, "ping -c 3 198.51.100.2");
    TestConsole.type(second.machine, "/usr/bin/perl /serve.pl tcp " + PORT);
    second.console.readTo("listening=yes\r", TinyGuest.PATIENCE);
    String exchanged =
        ask(first, "/usr/bin/perl /exchange.pl tcp 198.51.100.2 " + PORT + " 1000000");

    assertTrue(ping.contains("3 packets received"), ping);
    assertTrue(exchanged.contains("exchanged=1000000\r"), exchanged);
    second.console.readTo("served=1000000\r", TinyGuest.PATIENCE);
  }

  @Test
  void guestReachesASocketOfTheHost() throws Exception {
    try (ServerSocketChannel host = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      host.bind(UnixDomainSocketAddress.of(folder.resolve("v_1024")));

      assertEquals(BYTES, exchange(host, "", "vsock 2 1024"));
    }
    String nobody = ask(first, "/usr/bin/perl /exchange.pl vsock 2 1025 1");
    assertTrue(nobody.contains("connect: Connection reset"), nobody);
  }

  @Test
  void hostReachesASocketOfTheGuest() throws Exception {
    TestConsole.type(first.machine, "/usr/bin/perl /serve.pl vsock " + PORT);
    first.console.readTo("listening=yes\r", TinyGuest.PATIENCE);
    SocketAddress listener = UnixDomainSocketAddress.of(folder.resolve("v"));
    byte[] data = new byte[1_000_000];
    for (int i = 0; i < data.length; i++) {
      data[i] = (byte) (i % 253);
    }
    try (SocketChannel guest = SocketChannel.open(listener)) {
      guest.write(ByteBuffer.wrap(("CONNECT " + PORT + "\n").getBytes(US_ASCII)));
      StringBuilder answer = new StringBuilder();
      ByteBuffer one = ByteBuffer.allocate(1);
      while (answer.indexOf("\n") < 0 && guest.read(one.clear()) > 0) {
        answer.append((char) one.get(0));
      }
      assertTrue(answer.toString().matches("OK \\d+\n"), answer.toString());
      writeAll(guest, data);
      guest.shutdownOutput();

      assertArrayEquals(data, readAll(guest));
    }
    first.console.readTo("served=1000000\r", TinyGuest.PATIENCE);
  }

  @Test
  void limitsOfADiskAndOfACardHoldFromNowOn() throws Exception {
    first.machine.setLimit("scratch", STANDSTILL);
    first.machine.setLimit("tap", STANDSTILL);
    // In the guest's own seconds: a disk and a card at a standstill take for ever.
    String held =
        ask(
            first,
            "dd if=/dev/zero of=/dev/vdb bs=1M count=8 conv=fsync 2>/dev/null & "
                + "ping -c 4 -W 1 "
                + HOST
                + "; kill -0 $! && echo still=$((2))");
    first.machine.setLimit("scratch", RateLimit.NONE);
    first.machine.setLimit("tap", RateLimit.NONE);
    String freed = ask(first, "wait; ping -c 1 " + HOST);

    assertTrue(held.contains("still=2\r"), held);
    assertTrue(held.matches("(?s).*4 packets transmitted, [0-3] packets received.*"), held);
    assertTrue(freed.contains("1 packets received"), freed);
  }

  @Test
  void cableIsPulledAndPutBack() throws Exception {
    first.machine.setLink("tap", false);
    String down = ask(first, awaitCarrier(0) + "; ping -c 1 -W 1 " + HOST);
    first.machine.setLink("tap", true);
    String up = ask(first, awaitCarrier(1) + "; ping -c 3 " + HOST);

    assertTrue(down.contains("0 packets received"), down);
    assertTrue(up.contains("3 packets received"), up);
  }

  private static String awaitCarrier(int wanted) {
    return "until [ $(cat /sys/class/net/eth0/carrier) = %d ]; do :; done".formatted(wanted);
  }

  /** Has the first guest send bytes to a server here, which sends them back; how many came back. */
  private static int exchange(ServerSocketChannel host, String with, String to) throws Exception {
    TestConsole.type(first.machine, with + " /usr/bin/perl /exchange.pl " + to + " " + BYTES);
    try (SocketChannel guest = host.accept()) {
      byte[] all = readAll(guest);
      writeAll(guest, all);
      guest.shutdownOutput();
      first.console.readTo("exchanged=" + BYTES + "\r", TinyGuest.PATIENCE);
      return all.length;
    }
  }

  private static byte[] readAll(SocketChannel from) throws IOException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    ByteBuffer part = ByteBuffer.allocate(1 << 16);
    while (from.read(part.clear()) >= 0) {
      all.write(part.array(), 0, part.position());
    }
    return all.toByteArray();
  }

  private static void writeAll(SocketChannel to, byte[] all) throws IOException {
    ByteBuffer data = ByteBuffer.wrap(all);
    while (data.hasRemaining()) {
      to.write(data);
    }
  }

  private static long figure(String name) throws IOException {
    return Long.parseLong(
        Files.readString(Path.of("/sys/class/net", TAP, "statistics", name)).strip());
  }

  /** What commands at the prompt print, what was typed included. */
  private static String ask(TinyGuest guest, String commands) throws InterruptedException {
    TestConsole.type(guest.machine, commands + "; echo asked=$((1))");
    return guest.console.readTo("asked=1\r", TinyGuest.PATIENCE);
  }

  private static TinyGuest boot(int cpus, DeviceSet devices) throws Exception {
    return TinyGuest.boot(new TinyGuest.Request(TinyLinux.DEFAULT_FLAVOUR, cpus, 256, "", devices));
  }

  private static DiskConfig disk(String id, Path file, boolean readOnly) {
    return new DiskConfig(id, file, DiskFormat.RAW, readOnly, "", RateLimit.NONE);
  }
}
