package org.vivarium.images.qcow2;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vivarium.images.disk.DiskImageException;

/** Java closes a file channel under an interrupted thread; an image must survive that. */
class InterruptTest {
  private static final int SIZE = 4 << 20;

  @TempDir(factory = MemoryTempDir.class)
  Path folder;

  private Path create() throws IOException {
    Path path = folder.resolve("disk.qcow2");
    Qcow2Creator.create(path, Qcow2Creator.Spec.of(SIZE).withClusterBits(12));
    return path;
  }

  @Test
  void interruptsAtAnyMomentLoseNoRequestAndNoLock() throws Exception {
    Path path = create();
    byte[] content = Disks.random(1, SIZE);
    AtomicInteger progress = new AtomicInteger();
    try (Qcow2Image image = Qcow2Image.open(path, Disks.WRITE)) {
      FutureTask<byte[]> work =
          new FutureTask<>(
              () -> {
                for (int at = 0; at < SIZE; at += 1024) {
                  Disks.write(image, at, java.util.Arrays.copyOfRange(content, at, at + 1024));
                  progress.incrementAndGet();
                }
                image.flush();
                return Disks.readAll(image);
              });
      Thread thread = new Thread(work);
      thread.start();
      for (int seen = 0; !work.isDone(); Thread.onSpinWait()) {
        // One interrupt for each request, at whatever moment of it.
        if (progress.get() != seen) {
          seen = progress.get();
          thread.interrupt();
        }
      }

      assertArrayEquals(content, work.get());
      assertArrayEquals(content, Disks.readAll(image));
      Qemu.Result other = Qemu.run("qemu-io", "-f", "qcow2", "-c", "write 0 512", path.toString());
      assertNotEquals(0, other.status(), "The lock was lost");
    }
    Qemu.assertClean(path);
  }

  @Test
  void theInterruptStatusStaysSet() throws IOException {
    try (Qcow2Image image = Qcow2Image.open(create(), Disks.WRITE)) {
      Thread.currentThread().interrupt();
      Disks.write(image, 0, new byte[10_000]);
      image.flush();
      Disks.read(image, 0, 10_000);

      assertTrue(Thread.interrupted());
    }
  }

  @Test
  void aFileThatWasReplacedIsNotTakenForTheDisk() throws Exception {
    Path path = create();
    Qcow2Image image = Qcow2Image.open(path, Disks.WRITE.withLocker((_, _) -> () -> {}));
    Disks.write(image, 0, new byte[4096]);
    image.flush();
    Files.move(path, folder.resolve("moved.qcow2"));
    Files.write(path, new byte[512]);
    // The channel is closed as an interrupt in the middle of a request would close it.
    Thread reader =
        new Thread(
            () -> {
              try {
                while (true) {
                  Disks.read(image, 0, 4096);
                }
              } catch (IOException e) {
                Thread.currentThread().interrupt();
              }
            });
    reader.start();
    while (reader.isAlive()) {
      reader.interrupt();
      Thread.onSpinWait();
    }

    DiskImageException e =
        assertThrows(DiskImageException.class, () -> Disks.write(image, 0, new byte[512]));

    assertTrue(String.valueOf(e.getMessage()).contains("was replaced"), e.toString());
    assertThrows(IOException.class, image::close);
    assertArrayEquals(new byte[512], Files.readAllBytes(path));
  }
}
