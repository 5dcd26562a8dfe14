package org.vivarium.images.catalog;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vivarium.images.ImageException;
import org.vivarium.images.Progress;
import org.vivarium.images.disk.DiskFormat;
import org.vivarium.images.ext4.ExtFixture;
import org.vivarium.images.qcow2.Qcow2Info;

class GuestResolverTest {
  @TempDir Path home;
  private GuestResolver resolver = new GuestResolver(Path.of("/"), Map.of());
  private GuestResolver.Machine machine = new GuestResolver.Machine("", Path.of("/"));

  /** An entry "own" for a disk with something on it that begins as a kernel does. */
  @BeforeEach
  void makeEntry() throws Exception {
    resolver = new GuestResolver(home, Map.of());
    machine = new GuestResolver.Machine("Web 1", Files.createDirectories(home.resolve("vms/web")));
    Path tree = home.resolve("tree");
    Files.createDirectories(tree.resolve("boot"));
    byte[] kernel = new byte[0x300];
    ByteBuffer.wrap(kernel).put(0x202, "HdrS".getBytes(StandardCharsets.US_ASCII));
    Files.write(tree.resolve("boot/vmlinuz-6.1"), kernel);
    Path disk =
        ExtFixture.make(home, tree, "-t ext4 -U 01234567-0123-0123-0123-0123456789ab", "8M");
    Files.createDirectories(home.resolve("catalogue"));
    Files.writeString(
        home.resolve("catalogue/own.json"),
        """
        [{"id": "own", "kind": "disk", "format": "raw", "file": "%s", "diskMib": 64,
          "user": "someone"},
         {"id": "plain", "kind": "disk", "format": "raw", "file": "%s"}]\
        """
            .formatted(disk, disk));
  }

  private String refusal(org.junit.jupiter.api.function.Executable action) {
    return assertThrows(ImageException.class, action).getMessage();
  }

  @Test
  void aMachineGetsACloneItsKernelAndASeed() throws Exception {
    resolver.prepare("own", machine, Progress.NONE);

    GuestFiles files = resolver.resolve("own", "quiet", machine);

    Path root = machine.folder().resolve(GuestResolver.ROOT);
    assertEquals(64L << 20, Qcow2Info.read(root).size());
    assertTrue(files.root());
    assertEquals(
        "root=UUID=01234567-0123-0123-0123-0123456789ab ro console=ttyS0 quiet",
        files.boot().commandLine());
    assertEquals("6.1", files.boot().version());
    assertEquals(List.of(machine.folder().resolve("boot/seed.iso")), files.seeds());
    assertTrue(Files.readString(machine.folder().resolve("identity")).contains("\nweb-1\n"));
  }

  @Test
  void aGuestWithoutAUserGetsNoSeed() throws Exception {
    resolver.prepare("plain", machine, Progress.NONE);

    assertEquals(List.of(), resolver.resolve("plain", "", machine).seeds());
    assertFalse(Files.exists(home.resolve("ssh")));
  }

  @Test
  void theMachinesDiskIsKeptWhenItStartsAgain() throws Exception {
    resolver.prepare("own", machine, Progress.NONE);
    Path root = machine.folder().resolve(GuestResolver.ROOT);
    Object key =
        Files.readAttributes(root, java.nio.file.attribute.BasicFileAttributes.class).fileKey();

    resolver.prepare("own", machine, Progress.NONE);

    assertEquals(
        key,
        Files.readAttributes(root, java.nio.file.attribute.BasicFileAttributes.class).fileKey());
  }

  @Test
  void saysWhatIsMissing() {
    assertTrue(
        refusal(() -> resolver.resolve("own", "", machine)).contains("root.qcow2 is missing"));
    assertTrue(
        refusal(() -> resolver.resolve("tiny", "", machine))
            .startsWith("The image of Tiny Linux is missing"));
    assertTrue(
        refusal(() -> resolver.prepare("none", machine, Progress.NONE))
            .startsWith("The catalogue has no guest \"none\""));
  }

  @Test
  void bootsAMachinesOwnDiskAndBoundsTheCommandLine() throws Exception {
    Path disk = home.resolve("fs.img");

    GuestFiles files = resolver.ofDisk(disk, DiskFormat.RAW, "single", machine);

    assertFalse(files.root());
    assertTrue(files.boot().commandLine().endsWith(" console=ttyS0 single"));
    assertTrue(
        refusal(() -> resolver.ofDisk(disk, DiskFormat.RAW, "x".repeat(2047), machine))
            .contains("and 2047 are possible; shorten what is added"));
  }
}
