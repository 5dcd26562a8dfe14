package org.vivarium.images.debian;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.vivarium.images.ImageException;
import org.vivarium.images.Progress;
import org.vivarium.images.catalog.Catalogue;
import org.vivarium.images.catalog.PreparedGuest;
import org.vivarium.images.disk.DiskFormat;
import org.vivarium.images.qcow2.Qcow2Creator;
import org.vivarium.images.seed.KernelSeed;
import org.vivarium.images.seed.MachineIdentity;
import org.vivarium.images.seed.NoCloudSeed;
import org.vivarium.images.ssh.SshAccess;
import org.vivarium.images.ssh.SshKeys;
import org.vivarium.images.store.Tool;
import org.vivarium.images.tiny.EmulatedGuest;

/** Installs the real system from packages, clones it and boots the clone in software emulation. */
@Tag("emulation")
@Timeout(900)
class DebianBootTest {
  private static final int SSH_TRIES = 30;

  @TempDir static Path home;
  @TempDir Path machine;

  private static PreparedGuest guest() throws ImageException {
    Catalogue catalogue = Catalogue.open(home, System.getenv());
    return catalogue.prepare(catalogue.entry("debian-12"), Progress.NONE);
  }

  @BeforeAll
  static void build() throws ImageException {
    assertTrue(java.util.Objects.requireNonNull(guest().boot()).version().contains("-cloud-"));
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private String ssh(SshAccess access, String command) throws ImageException {
    Tool tool = new Tool(machine.resolve("ssh.log"), 120);
    List<String> line = new ArrayList<>(access.command(List.of(command)));
    line.addAll(1, List.of("-o", "ConnectTimeout=20"));
    int status = -1;
    for (int i = 0; i < SSH_TRIES && status != 0; i++) {
      status = tool.run(line, _ -> {});
    }
    assertEquals(0, status, tool.tail());
    return tool.tail().strip();
  }

  @Test
  void aCloneComesUpAsItselfAndLetsItsOwnerIn() throws Exception {
    PreparedGuest.Base base = java.util.Objects.requireNonNull(guest().base());
    Path disk = machine.resolve("disk.qcow2");
    Qcow2Creator.create(
        disk, Qcow2Creator.Spec.of(4L << 30).over(base.file().toString(), DiskFormat.RAW));
    SshKeys keys = SshKeys.of(home);
    MachineIdentity identity = MachineIdentity.of(machine, "First Clone");
    List<String> owners = List.of(keys.publicKey());
    int port = freePort();
    SshAccess access = SshAccess.of(guest().entry().user(), port, keys, machine);
    List<String> options =
        List.of(
            "-drive",
            "file=" + disk + ",format=qcow2,if=virtio",
            "-drive",
            "file=" + NoCloudSeed.write(machine, identity, owners) + ",format=raw,if=virtio",
            "-netdev",
            "user,id=net,hostfwd=tcp:127.0.0.1:" + port + "-:22",
            "-device",
            "virtio-net-pci,netdev=net");
    try (EmulatedGuest running =
        EmulatedGuest.start(
            java.util.Objects.requireNonNull(guest().boot()),
            KernelSeed.words(identity, owners),
            machine,
            options)) {
      running.await("first-clone login:");

      assertEquals(
          "first-clone " + identity.machineId() + " 0",
          ssh(access, "echo $(hostname) $(cat /etc/machine-id) $(sudo -n id -u)"));
      // The root has grown to the disk's size.
      assertTrue(Long.parseLong(ssh(access, "stat -f -c %b /")) > 3L << 18);
      assertEquals("", ssh(access, "systemctl --failed --no-legend"));
      // The other kind of seed, which stock images read, is there to be read too.
      assertEquals(
          "instance-id: " + identity.instance(),
          ssh(
                  access,
                  "sudo mount -r -t iso9660 LABEL=cidata /mnt && ls /mnt/user-data >&2"
                      + " && head -1 /mnt/meta-data")
              .lines()
              .reduce((_, b) -> b)
              .orElse(""));
      ssh(access, "sudo systemctl --no-block poweroff");
      assertEquals(0, running.exit());
    }
    assertTrue(Files.size(disk) < 64 << 20);
  }
}
