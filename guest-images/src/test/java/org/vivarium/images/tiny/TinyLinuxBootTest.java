package org.vivarium.images.tiny;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vivarium.images.BootImage;
import org.vivarium.images.ImageException;
import org.vivarium.images.Progress;
import org.vivarium.images.deb.PackageSources;

/** Builds the real image from the distribution's packages and boots it in software emulation. */
@Tag("emulation")
@Timeout(300)
class TinyLinuxBootTest {
  private static final String PROMPT = "tiny:~# ";

  @TempDir static Path images;
  @TempDir Path folder;

  private static BootImage image(String flavour) throws ImageException {
    return TinyLinux.obtain(
        images,
        flavour,
        PackageSources.choose(images.resolve("sources"), System.getenv()),
        Progress.NONE);
  }

  @BeforeAll
  static void build() throws ImageException {
    assertTrue(image(TinyLinux.DEFAULT_FLAVOUR).version().contains("-"));
  }

  private EmulatedGuest boot(String flavour, String append, String... options) throws Exception {
    return EmulatedGuest.start(image(flavour), append, folder, List.of(options));
  }

  private static String exec(String script) {
    byte[] bytes = script.getBytes(StandardCharsets.UTF_8);
    return "vivarium.exec=" + Base64.getEncoder().encodeToString(bytes);
  }

  @ParameterizedTest
  @ValueSource(strings = {"cloud", "generic", "cloud-6.12"})
  void theShellRunsCommandsAndPoweroffEndsTheMachine(String flavour) throws Exception {
    try (EmulatedGuest guest = boot(flavour, "")) {
      guest.await(PROMPT);
      guest.type("echo the answer is $((6 * 7)); tty\n");
      guest.await("the answer is 42");
      guest.await("/dev/ttyS0");
      guest.await(PROMPT);
      guest.type("poweroff\n");

      assertEquals(0, guest.exit());
      assertArrayEquals(new byte[] {0x41, 0x42}, guest.stages());
    }
  }

  @Test
  void controlCharactersReachTheForegroundJob() throws Exception {
    try (EmulatedGuest guest = boot("cloud", "")) {
      guest.await(PROMPT);
      // The job itself says that it runs: what is typed before that is for the shell.
      guest.type("trap 'echo never' INT; sh -c 'echo go; exec cat'; echo status $?\n");
      guest.await("go\r\n");
      guest.type("\u0003");
      guest.await(PROMPT);
      guest.type("sh -c 'echo go again; exec cat'\n");
      guest.await("go again\r\n");
      guest.type("\u001a");
      guest.await("Stopped");
      guest.await(PROMPT);
      // A shell that still knows of a stopped job refuses the first time.
      guest.type("kill -KILL %1; exit; exit\n");
      guest.await("ends the machine.");
      guest.await(PROMPT);
      guest.type("reboot\n");

      assertEquals(0, guest.exit(), "-no-reboot ends QEMU at a reboot");
    }
  }

  @Test
  void thePowerButtonEndsTheMachine() throws Exception {
    try (EmulatedGuest guest = boot("cloud", "")) {
      guest.await(PROMPT);
      // A press is lost until the daemon has opened the button; the quotes keep the echo of this
      // line from being taken for its result.
      guest.type(
          "until ls -l /proc/[0-9]*/fd | grep -q /dev/input/; do sleep 0.1; done; echo"
              + " list''ening\n");
      guest.await("listening\r\n");
      guest.pressPowerButton();

      assertEquals(0, guest.exit());
      assertTrue(guest.console().contains("Power down"), guest.console());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"cloud", "generic", "cloud-6.12"})
  void diskAndNetworkAreThere(String flavour) throws Exception {
    Path disk = folder.resolve("disk");
    Files.write(disk, "on the disk".repeat(4096).getBytes(StandardCharsets.UTF_8));
    String script =
        "until [ -e /run/online.eth0 ]; do sleep 0.1; done; cat /run/online.eth0 /etc/resolv.conf;"
            + " head -c 11 /dev/vda; mount -t tmpfs x /mnt && modprobe overlay && grep overlay"
            + " /proc/filesystems; exit 7";

    try (EmulatedGuest guest =
        boot(
            flavour,
            exec(script),
            "-netdev",
            "user,id=net",
            "-device",
            "virtio-net-pci,netdev=net",
            "-drive",
            "if=none,id=disk,format=raw,file=" + disk,
            "-device",
            "virtio-blk-pci,drive=disk")) {
      assertEquals(0, guest.exit());
      String console = guest.console();
      assertTrue(console.contains("10.0.2.15\r\nnameserver 10.0.2.3\r\non the disk"), console);
      assertTrue(console.contains("overlay\r\nvivarium: exit 7\r\n"), console);
    }
  }

  @Test
  void aDiskThatIsPluggedInLaterAppears() throws Exception {
    Path disk = folder.resolve("disk");
    Files.write(disk, new byte[1 << 20]);
    try (EmulatedGuest guest =
        boot(
            "cloud",
            "",
            "-device",
            "pcie-root-port,id=slot1",
            "-drive",
            "if=none,id=disk,format=raw,file=" + disk)) {
      guest.await(PROMPT);
      guest.type(
          "until ls -l /proc/$(pidof uevent)/fd | grep -q socket; do sleep 0.1; done;"
              + " echo list''ening\n");
      guest.await("listening\r\n");
      guest.control(
          "{\"execute\":\"device_add\",\"arguments\":{\"driver\":\"virtio-blk-pci\","
              + "\"drive\":\"disk\",\"bus\":\"slot1\",\"id\":\"late\"}}");
      guest.type("until [ -b /dev/vda ]; do sleep 0.1; done; echo it is he''re\n");
      guest.await("it is here\r\n");
      guest.type("poweroff\n");

      assertEquals(0, guest.exit());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"cloud", "cloud-6.12"})
  void theShellIsOnAVirtioConsoleWhereThereIsNoSerialPort(String flavour) throws Exception {
    String[] options = {"-device", "virtio-serial-pci", "-device", "virtconsole,chardev=console"};
    try (EmulatedGuest guest = boot(flavour, "console=hvc0", options)) {
      guest.await(PROMPT);
      guest.type("tty\n");
      guest.await("/dev/hvc0");
      guest.type("poweroff\n");

      assertEquals(0, guest.exit());
    }
  }

  @Test
  void theSizeOfTheTerminalIsTaken() throws Exception {
    try (EmulatedGuest guest = boot("cloud", "vivarium.size=132x43")) {
      guest.await(PROMPT);
      guest.type("stty size\n");
      guest.await("43 132\r\n");
      guest.type("halt\n");
      guest.await("System halted");
    }
  }
}
