package org.vivarium.vmm.engine.qemu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.config.DeviceSet;
import org.vivarium.vmm.config.DiskConfig;
import org.vivarium.vmm.config.DiskFormat;
import org.vivarium.vmm.config.NetBackend;
import org.vivarium.vmm.config.NetConfig;
import org.vivarium.vmm.config.PortForward;
import org.vivarium.vmm.config.RateLimit;
import org.vivarium.vmm.config.VsockConfig;

class QemuDeviceWordsTest {
  @TempDir private Path folder;
  private Path file = Path.of("/");

  @BeforeEach
  void makeFile() throws Exception {
    file = Files.write(folder.resolve("a,b.img"), new byte[4096]);
  }

  private static String words(DeviceSet devices) throws Exception {
    return String.join(" ", QemuDeviceWords.arguments(devices, null));
  }

  private static DeviceSet cards(NetConfig... cards) {
    return new DeviceSet(List.of(), List.of(cards), false, false, false, null);
  }

  @Test
  void entropyAndBalloonAreThereWhenAsked() throws Exception {
    String line = words(new DeviceSet(List.of(), List.of(), true, true, false, null));

    assertTrue(line.contains("-device virtio-rng-pci,rng=entropy"), line);
    assertTrue(line.contains("-device virtio-balloon-pci,id=balloon,"), line);
    assertFalse(words(DeviceSet.NONE).contains("virtio"));
  }

  @Test
  void virtioConsoleHasItsSocket() throws Exception {
    String line = String.join(" ", QemuDeviceWords.arguments(DeviceSet.NONE, Path.of("/a,b/hvc")));

    assertTrue(line.contains("-chardev socket,id=hvc,path=/a,,b/hvc"), line);
    assertTrue(line.contains("-device virtconsole,chardev=hvc"), line);
  }

  @Test
  void diskIsANodeAndADeviceOnAPort() throws Exception {
    DiskConfig disk = new DiskConfig("1st", file, DiskFormat.RAW, true, "a,b", RateLimit.NONE);
    String line = words(DeviceSet.NONE.withDisks(List.of(disk)));

    assertTrue(
        line.contains(
            "-device virtio-blk-pci,id=dev-1st,drive=bd-1st,bus=port0,serial=a,,b,werror=enospc"),
        line);
    assertTrue(
        line.contains(
            "{\"driver\":\"raw\",\"node-name\":\"bd-1st\",\"read-only\":true,\"discard\":\"unmap\","
                + "\"file\":{\"driver\":\"file\",\"filename\":\""
                + file
                + "\",\"read-only\":true,\"discard\":\"unmap\"}}"),
        line);
    assertTrue(line.contains("id=port4,bus=pcie.0,chassis=5,addr=10.4"), line);
  }

  @Test
  void userNetworkForwardsPorts() throws Exception {
    PortForward forward = PortForward.of(PortForward.Protocol.TCP, "127.0.0.1", 2222, 22);
    String line =
        words(cards(NetConfig.of("n", new NetBackend.User(List.of(forward)), "52:54:00:00:00:01")));

    assertTrue(
        line.contains(
            "-netdev user,id=net-n,hostfwd=tcp:127.0.0.1:2222-:22 -device"
                + " virtio-net-pci,id=dev-n,mac=52:54:00:00:00:01,netdev=net-n"),
        line);
  }

  @Test
  void tapIsUsedAsItIsAndNoCableIsNoBackEnd() throws Exception {
    String line =
        words(
            cards(
                NetConfig.of("t", new NetBackend.Tap("tap0"), "52:54:00:00:00:01"),
                NetConfig.of("n", new NetBackend.None(), "52:54:00:00:00:02")));

    assertTrue(line.contains("tap,id=net-t,ifname=tap0,script=no,downscript=no"), line);
    assertTrue(line.contains("virtio-net-pci,id=dev-n,mac=52:54:00:00:00:02 "), line);
  }

  @Test
  void whatQemuCannotDoIsRefused() throws Exception {
    NetConfig segment = NetConfig.of("s", new NetBackend.Segment("lab"), "52:54:00:00:00:01");
    NetConfig limited =
        new NetConfig("l", new NetBackend.None(), "52:54:00:00:00:01", true, RateLimit.of(1000, 0));
    PortForward v6 = PortForward.of(PortForward.Protocol.UDP, "::1", 53, 53);
    NetConfig six = NetConfig.of("u", new NetBackend.User(List.of(v6)), "52:54:00:00:00:01");
    DeviceSet vsock =
        new DeviceSet(
            List.of(), List.of(), false, false, false, new VsockConfig(3, Path.of("/run/v")));

    for (DeviceSet devices : List.of(cards(segment), cards(limited), cards(six), vsock)) {
      InvalidConfigException e =
          assertThrows(InvalidConfigException.class, () -> QemuDeviceWords.check(devices));
      assertTrue(e.getMessage().matches("[A-Z].*qemu.*[.]"), e.getMessage());
    }
  }

  @Test
  void longIdStillHasANodeName() {
    assertTrue(QemuDeviceWords.node("a".repeat(32)).length() <= 31);
    assertEquals("bd-disk0", QemuDeviceWords.node("disk0"));
  }
}
