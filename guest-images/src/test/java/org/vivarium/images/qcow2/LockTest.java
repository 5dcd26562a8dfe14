package org.vivarium.images.qcow2;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vivarium.images.disk.DiskFormat;
import org.vivarium.images.disk.DiskImage;
import org.vivarium.images.disk.DiskImageException;
import org.vivarium.images.disk.DiskOptions;

/** One disk is not open for writing twice, whichever of QEMU and this program came first. */
class LockTest {
  @TempDir(factory = MemoryTempDir.class)
  Path folder;

  private Path image;

  @BeforeEach
  void create() throws IOException {
    image = folder.resolve("disk.qcow2");
    Qcow2Creator.create(image, Qcow2Creator.Spec.of(1 << 20));
  }

  private static DiskImage open(Path path, DiskOptions options) throws IOException {
    return DiskImages.open(path, DiskFormat.QCOW2, options);
  }

  @Test
  void qemuRefusesADiskThatIsOpenForWritingHere() throws Exception {
    try (DiskImage ours = open(image, DiskOptions.readWrite())) {
      assertEquals(1 << 20, ours.size());
      Qemu.Result write = Qemu.run("qemu-io", "-f", "qcow2", "-c", "write 0 512", image.toString());
      Qemu.Result info = Qemu.run("qemu-img", "info", image.toString());
      Qemu.Result forced = Qemu.run("qemu-img", "info", "-U", image.toString());

      assertNotEquals(0, write.status());
      assertTrue(write.output().contains("lock"), write.output());
      assertNotEquals(0, info.status());
      assertEquals(0, forced.status(), forced.output());
    }
    Qemu.ok("qemu-img", "info", image.toString());
  }

  @Test
  void qemuMayReadButNotWriteADiskThatIsOpenForReadingHere() throws Exception {
    try (DiskImage ours = open(image, DiskOptions.readOnlyAccess())) {
      assertTrue(ours.isReadOnly());
      Qemu.ok("qemu-io", "-r", "-f", "qcow2", "-c", "read 0 512", image.toString());
      Qemu.Result write = Qemu.run("qemu-io", "-f", "qcow2", "-c", "write 0 512", image.toString());

      assertNotEquals(0, write.status());
      assertTrue(write.output().contains("lock"), write.output());
    }
  }

  @Test
  void aDiskThatQemuHasOpenForWritingIsRefusedAndItsHolderNamed() throws Exception {
    try (Holder holder = new Holder("qemu-io", "-f", "qcow2", image.toString())) {
      for (boolean readOnly : new boolean[] {false, true}) {
        DiskOptions options = DiskOptions.readWrite().withReadOnly(readOnly);
        DiskImageException e = assertThrows(DiskImageException.class, () -> open(image, options));
        String message = String.valueOf(e.getMessage());
        assertTrue(message.contains("process " + holder.pid()), message);
        assertTrue(message.contains("qemu-io"), message);
      }
    }
    open(image, DiskOptions.readWrite()).close();
  }

  @Test
  void aDiskThatQemuHasOpenForReadingMayBeReadHereOnly() throws Exception {
    try (Holder holder = new Holder("qemu-io", "-r", "-f", "qcow2", image.toString())) {
      assertTrue(holder.pid() > 0);
      open(image, DiskOptions.readOnlyAccess()).close();
      assertThrows(DiskImageException.class, () -> open(image, DiskOptions.readWrite()));
    }
  }

  @Test
  void twoReadersHereShareADiskAndStayLockedWhenOneLeaves() throws Exception {
    DiskImage first = open(image, DiskOptions.readOnlyAccess());
    try (DiskImage second = open(image, DiskOptions.readOnlyAccess())) {
      assertThrows(DiskImageException.class, () -> open(image, DiskOptions.readWrite()));
      first.close();

      Qemu.Result write = Qemu.run("qemu-io", "-f", "qcow2", "-c", "write 0 512", image.toString());

      assertTrue(second.isReadOnly());
      assertNotEquals(0, write.status(), "The lock went with the first reader");
    }
    open(image, DiskOptions.readWrite()).close();
  }

  @Test
  void aWriterHereExcludesEveryOtherOneHere() throws Exception {
    try (DiskImage ours = open(image, DiskOptions.readWrite())) {
      assertThrows(DiskImageException.class, () -> open(image, DiskOptions.readWrite()));
      assertThrows(DiskImageException.class, () -> open(image, DiskOptions.readOnlyAccess()));
      Qemu.Result write = Qemu.run("qemu-io", "-f", "qcow2", "-c", "write 0 512", image.toString());

      assertEquals(1 << 20, ours.size());
      assertNotEquals(0, write.status(), "The lock went with a refused opening");
    }
  }

  @Test
  void aBackingFileIsLockedForReading() throws Exception {
    Path top = folder.resolve("top.qcow2");
    Qcow2Creator.create(top, Qcow2Creator.Spec.of(1 << 20).over("disk.qcow2", DiskFormat.QCOW2));
    try (DiskImage ours = open(top, Disks.WRITE)) {
      Qemu.Result write = Qemu.run("qemu-io", "-f", "qcow2", "-c", "write 0 512", image.toString());

      assertEquals(2, ours.files().size());
      assertNotEquals(0, write.status());
    }
  }

  /** An interactive QEMU tool that holds an image until it is closed. */
  private static final class Holder implements AutoCloseable {
    private final Process process;

    Holder(String... command) throws IOException {
      process = new ProcessBuilder(command).redirectErrorStream(true).start();
      // The tool answers this once it has opened, and so locked, the image.
      Writer in = new OutputStreamWriter(process.getOutputStream(), StandardCharsets.US_ASCII);
      in.write("length\n");
      in.flush();
      BufferedReader out =
          new BufferedReader(
              new InputStreamReader(process.getInputStream(), StandardCharsets.US_ASCII));
      String answer = out.readLine();
      assertTrue(answer != null && answer.contains("1 MiB"), answer);
    }

    long pid() {
      return process.pid();
    }

    @Override
    public void close() {
      process.destroyForcibly().onExit().orTimeout(20, TimeUnit.SECONDS).join();
    }
  }
}
