package org.vivarium.images.qcow2;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vivarium.images.disk.BackingPolicy;
import org.vivarium.images.disk.DiskFormat;
import org.vivarium.images.disk.DiskImageException;
import org.vivarium.images.disk.DiskOptions;
import org.vivarium.images.disk.Extent;
import org.vivarium.images.disk.FileLocker;

/** Only backing files that the disk's owner named are opened, whatever an image says. */
class BackingChainTest {
  private static final int SIZE = 1 << 20;

  @TempDir(factory = MemoryTempDir.class)
  Path folder;

  private Path overlay(String file, String backing, DiskFormat format) throws IOException {
    Path path = folder.resolve(file);
    Qcow2Creator.create(path, Qcow2Creator.Spec.of(SIZE).over(backing, format));
    return path;
  }

  private static String refusal(Path image, DiskOptions options) {
    return String.valueOf(
        assertThrows(DiskImageException.class, () -> Qcow2Image.open(image, options)).getMessage());
  }

  private static DiskOptions allowing(Map<Path, DiskFormat> files) {
    return DiskOptions.readWrite().withBacking(BackingPolicy.allow(files));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/etc/shadow",
        "/dev/mem",
        "../../../../../../etc/passwd",
        "base.raw",
        "/proc/self/mem",
        "json:{\"driver\":\"file\",\"filename\":\"/etc/shadow\"}",
        "nbd:localhost:10809",
        "fd:0"
      })
  void cve202627211AnImageCannotNameAHostFile(String name) throws IOException {
    Files.write(folder.resolve("base.raw"), new byte[512]);
    Path image = overlay("top.qcow2", name, DiskFormat.RAW);

    String none = refusal(image, DiskOptions.readWrite());
    String other = refusal(image, allowing(Map.of(folder.resolve("top.qcow2"), DiskFormat.QCOW2)));

    assertTrue(none.contains("which its definition does not allow"), none);
    assertTrue(other.contains(image.toString()), other);
  }

  @Test
  void cve202432498AnExternalDataFileIsNeverOpened() throws Exception {
    Path image = folder.resolve("data.qcow2");
    Path data = folder.resolve("data.raw");
    Qemu.ok(
        "qemu-img",
        "create",
        "-q",
        "-f",
        "qcow2",
        "-o",
        "data_file=" + data,
        image.toString(),
        "1M");

    String message = refusal(image, DiskOptions.readOnlyAccess());

    assertTrue(message.contains("external file"), message);
  }

  @Test
  void cve20244467AProtocolNameIsRefusedEvenIfAFileOfThatNameIsAllowed() throws IOException {
    Path odd = Files.write(folder.resolve("json:{}"), new byte[512]);
    Path image = overlay("top.qcow2", "json:{}", DiskFormat.RAW);

    String message = refusal(image, allowing(Map.of(odd, DiskFormat.RAW)));

    assertTrue(message.contains("protocol"), message);
  }

  @Test
  void allowedFilesAreFollowedThroughSymbolicLinksAndTheChainReads() throws IOException {
    byte[] below = Disks.random(1, SIZE);
    Path base = Files.write(folder.resolve("base.raw"), below);
    Files.createSymbolicLink(folder.resolve("link.raw"), base);
    Path middle = overlay("middle.qcow2", "link.raw", DiskFormat.RAW);
    Path top = overlay("top.qcow2", "middle.qcow2", DiskFormat.QCOW2);
    DiskOptions options = allowing(Map.of(base, DiskFormat.RAW, middle, DiskFormat.QCOW2));

    try (Qcow2Image image = Qcow2Image.open(top, options)) {
      assertArrayEquals(below, Disks.readAll(image));
      assertEquals(3, image.files().size());
      Extent extent = new Extent();
      image.map(5000, 100, extent);
      assertEquals("DATA file=2 host=0x1388 length=100", extent.toString());
      ByteBuffer direct = ByteBuffer.allocate(100);
      image.files().get(2).read(direct, extent.hostOffset());
      assertArrayEquals(java.util.Arrays.copyOfRange(below, 5000, 5100), direct.array());
    }
  }

  @Test
  void theDefinitionsFormatIsNotOverriddenByTheImages() throws IOException {
    Path base = Files.write(folder.resolve("base.raw"), new byte[SIZE]);
    Path image = overlay("top.qcow2", "base.raw", DiskFormat.QCOW2);

    String message = refusal(image, allowing(Map.of(base, DiskFormat.RAW)));

    assertTrue(message.contains("format"), message);
  }

  @Test
  void loopsOfOneAndOfTwoImagesAreRefused() throws IOException {
    Path self = overlay("self.qcow2", "self.qcow2", DiskFormat.QCOW2);
    Path a = overlay("a.qcow2", "b.qcow2", DiskFormat.QCOW2);
    Path b = overlay("b.qcow2", "a.qcow2", DiskFormat.QCOW2);

    assertTrue(refusal(self, Disks.WRITE).contains("its own backing file"));
    assertTrue(refusal(a, Disks.READ).contains("its own backing file"));
    assertTrue(refusal(b, Disks.READ).contains("its own backing file"));
  }

  @Test
  void aChainOfAThousandIsRefused() throws IOException {
    Files.write(folder.resolve("0.qcow2"), new byte[512]);
    for (int i = 1; i <= 1000; i++) {
      overlay(i + ".qcow2", (i - 1) + ".qcow2", i == 1 ? DiskFormat.RAW : DiskFormat.QCOW2);
    }

    String message =
        refusal(folder.resolve("1000.qcow2"), Disks.READ.withLocker(FileLocker.none()));

    assertTrue(message.contains("no longer chain"), message);
    Qcow2Image.open(folder.resolve("60.qcow2"), Disks.READ).close();
  }

  @Test
  void missingFolderAndFifoAreRefusedWithoutWaiting() throws Exception {
    Path fifo = folder.resolve("fifo");
    assertEquals(0, new ProcessBuilder("mkfifo", fifo.toString()).start().waitFor());
    for (String name : new String[] {"missing", ".", "fifo"}) {
      Path image = overlay("over-" + name.length() + ".qcow2", name, DiskFormat.RAW);

      String message = refusal(image, Disks.READ);

      assertTrue(message.startsWith("Disk "), message);
    }
  }

  @Test
  void refusedChainLeavesNothingLocked() throws Exception {
    Path middle = overlay("middle.qcow2", "missing", DiskFormat.RAW);
    Path top = overlay("top.qcow2", "middle.qcow2", DiskFormat.QCOW2);

    refusal(top, Disks.WRITE);

    Files.write(folder.resolve("missing"), new byte[512]);
    Qcow2Image.open(middle, Disks.WRITE).close();
    Qcow2Image.open(top, Disks.WRITE).close();
    Qemu.io("qcow2", top, "write 0 512");
  }

  @Test
  void aBackingFileIsNeverWritten() throws IOException {
    byte[] below = Disks.random(2, SIZE);
    Path base = Files.write(folder.resolve("base.raw"), below);
    Path top = overlay("top.qcow2", "base.raw", DiskFormat.RAW);

    try (Qcow2Image image = Qcow2Image.open(top, Disks.WRITE)) {
      Disks.write(image, 1000, Disks.filled(1, 300_000));
      image.discard(0, SIZE);
      image.writeZeroes(0, SIZE, true);
      assertTrue(image.files().get(1).isReadOnly());
      Extent extent = new Extent();
      image.map(500_000, 10, extent);
      assertEquals(Extent.Kind.ZERO, extent.kind());
    }

    assertArrayEquals(below, Files.readAllBytes(base));
  }
}
