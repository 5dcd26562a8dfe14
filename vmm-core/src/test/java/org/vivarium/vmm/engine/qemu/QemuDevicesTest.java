package org.vivarium.vmm.engine.qemu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.vivarium.images.disk.RawImage;
import org.vivarium.images.qcow2.Qcow2Creator;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.config.DeviceSet;
import org.vivarium.vmm.config.DiskConfig;
import org.vivarium.vmm.config.MachineConfig;
import org.vivarium.vmm.config.NetBackend;
import org.vivarium.vmm.config.NetConfig;
import org.vivarium.vmm.config.PortForward;
import org.vivarium.vmm.config.RateLimit;
import org.vivarium.vmm.disk.DiskOpener;
import org.vivarium.vmm.engine.DeviceFigures;
import org.vivarium.vmm.engine.VirtualMachine;

/** The devices of a real guest, emulated by a real QEMU, used and changed while it runs. */
@Tag("emulation")
@Timeout(600)
class QemuDevicesTest {
  private static final Duration BOOT = Duration.ofSeconds(180);
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final long DISK = 16 << 20;

  @TempDir private Path folder;
  private final TestConsole console = new TestConsole();
  private final TestConsole hvc = new TestConsole();
  private VirtualMachine machine;
  private DiskConfig raw;

  @BeforeEach
  void bootToPrompt() throws Exception {
    Path file = folder.resolve("raw.img");
    RawImage.create(file, DISK);
    raw = new DiskConfig("raw", file, null, false, "RAW-1", RateLimit.NONE);
    DeviceSet devices =
        new DeviceSet(
            List.of(raw),
            List.of(NetConfig.of("net0", new NetBackend.User(List.of()), "52:54:00:01:02:03")),
            true,
            true,
            true,
            null);
    MachineConfig plain = TestGuest.config("test", 1);
    MachineConfig config = MachineConfig.of("test", 1, plain.memoryBytes(), plain.boot(), devices);
    machine = new QemuEngine(_ -> {}).create(config, console, hvc, new TestListener());
    machine.start();
    console.readTo(TestGuest.PROMPT, BOOT);
  }

  @AfterEach
  void close() {
    machine.close();
  }

  private String run(String command) throws InterruptedException {
    TestConsole.type(machine, command + "; echo end=of-it");
    console.readTo("\n", SOON);
    String answer = console.readTo("end=of-it", SOON);
    console.readTo(TestGuest.PROMPT, SOON);
    return answer;
  }

  @Test
  void diskIsWrittenLockedResizedLimitedAndCounted() throws Exception {
    assertEquals("RAW-1", run("cat /sys/block/vda/serial").strip());
    run("echo mark | dd of=/dev/vda conv=fsync,notrunc 2>/dev/null");
    assertTrue(Files.readString(raw.file(), StandardCharsets.ISO_8859_1).startsWith("mark\n"));
    assertThrows(InvalidConfigException.class, () -> DiskOpener.standard().open(raw));

    machine.resizeDisk("raw", 2 * DISK);
    run("until [ $(cat /sys/block/vda/size) = " + 2 * DISK / 512 + " ]; do sleep 0.1; done");

    machine.setLimit("raw", RateLimit.of(1 << 20, 0));
    machine.setLimit("raw", RateLimit.NONE);
    DeviceFigures figures = machine.deviceFigures().getFirst();
    assertEquals("raw", figures.id());
    assertTrue(figures.bytesOut() > 0 && figures.operationsIn() > 0, figures.toString());
  }

  @Test
  void diskComesAndGoesWhileTheGuestRuns() throws Exception {
    Path file = folder.resolve("more.qcow2");
    Qcow2Creator.create(file, Qcow2Creator.Spec.of(DISK));
    DiskConfig more = new DiskConfig("more", file, null, false, "MORE", RateLimit.NONE);

    machine.attachDisk(more);
    run("until [ -e /dev/vdb ]; do sleep 0.1; done");
    assertEquals("MORE", run("cat /sys/block/vdb/serial").strip());
    assertThrows(VmmException.class, () -> machine.attachDisk(more));

    machine.detachDisk("more");
    run("while [ -e /dev/vdb ]; do sleep 0.1; done");
    DiskOpener.standard().open(more).close();
    machine.detachDisk("raw");
    assertFalse(run("ls /dev").contains("vda"));
  }

  @Test
  void cardFollowsItsLinkAndItsForwards() throws Exception {
    PortForward forward = PortForward.of(PortForward.Protocol.TCP, "127.0.0.1", freePort(), 22);
    machine.setForwards("net0", List.of(forward));
    assertThrows(IOException.class, () -> take(forward.hostPort()));
    machine.setForwards("net0", List.of());
    take(forward.hostPort());

    run("until [ $(cat /sys/class/net/eth0/carrier) = 1 ]; do sleep 0.1; done");
    machine.setLink("net0", false);
    run("until [ $(cat /sys/class/net/eth0/carrier) = 0 ]; do sleep 0.1; done");
  }

  @Test
  void balloonTakesMemoryAndTells() throws Exception {
    machine.setBalloonTarget(200 << 20);
    while (machine.guestMemory().map(told -> told.ballooned() < 50 << 20).orElse(true)) {
      run("sleep 0.5");
    }

    assertTrue(machine.guestMemory().orElseThrow().total() > 0);
  }

  @Test
  void virtioConsoleCarriesBothWays() throws Exception {
    TestConsole.type(machine, "read x </dev/hvc0; echo got-$x >/dev/hvc0");
    byte[] typed = "word\n".getBytes(StandardCharsets.US_ASCII);
    assertEquals(typed.length, machine.virtioInput(typed, 0, typed.length));

    hvc.readTo("got-word", SOON);
  }

  private static int freePort() throws IOException {
    try (ServerSocket any = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return any.getLocalPort();
    }
  }

  private static void take(int port) throws IOException {
    new ServerSocket(port, 1, InetAddress.getLoopbackAddress()).close();
  }
}
