package org.vivarium.images.qcow2;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vivarium.images.disk.DiskFormat;
import org.vivarium.images.disk.DiskImage;
import org.vivarium.images.disk.DiskOptions;
import org.vivarium.images.disk.Extent;

/**
 * Random histories of requests, applied to an image and to an array of bytes; afterwards both must
 * be equal and QEMU must find the image clean. {@code -Dvivarium.histories=1000} runs more of them.
 */
class HistoryTest {
  private static final int HISTORIES = Integer.getInteger("vivarium.histories", 25);
  private static final int STEPS = 120;

  @TempDir(factory = MemoryTempDir.class)
  Path folder;

  @Test
  void randomHistoriesLeaveWhatTheyWrote() throws Exception {
    for (int seed = 0; seed < HISTORIES; seed++) {
      try {
        new History(seed).run();
      } catch (IOException | AssertionError | RuntimeException e) {
        throw new AssertionError("History with seed " + seed + ": " + e.getMessage(), e);
      }
    }
  }

  private final class History {
    private final Random random;
    private final int seed;
    private final Path path;
    private final int clusterBits;
    private final DiskOptions options;
    private final boolean hasSnapshot;
    private byte[] model;
    private DiskImage image;

    History(int seed) throws Exception {
      this.seed = seed;
      this.random = new Random(seed);
      this.path = folder.resolve("history-" + seed + ".qcow2");
      this.clusterBits = new int[] {9, 10, 12, 14, 16}[random.nextInt(5)];
      this.options = random.nextBoolean() ? Disks.WRITE : Disks.SMALL_CACHE;
      this.hasSnapshot = random.nextInt(4) == 0;
      int size = 512 * (1 + random.nextInt(6000));
      Qcow2Creator.Spec spec = Qcow2Creator.Spec.of(size).withClusterBits(clusterBits);
      model = new byte[size];
      if (random.nextInt(3) == 0) {
        byte[] below = Disks.random(seed, 512 * (1 + random.nextInt(6000)));
        Files.write(folder.resolve("base-" + seed), below);
        spec = spec.over("base-" + seed, DiskFormat.RAW);
        System.arraycopy(below, 0, model, 0, Math.min(below.length, size));
      }
      int order = hasSnapshot ? 4 : random.nextInt(7);
      Qcow2Creator.create(path, spec.withRefcountOrder(order));
      image = Qcow2Image.open(path, options);
      if (hasSnapshot) {
        steps(STEPS / 3);
        image.close();
        Qemu.ok("qemu-img", "snapshot", "-c", "s", path.toString());
        image = Qcow2Image.open(path, options);
      }
    }

    void run() throws Exception {
      steps(STEPS);
      assertArrayEquals(model, Disks.readAll(image));
      image.close();
      Qemu.assertClean(path);
      Path raw = Files.write(folder.resolve("model-" + seed), model);
      Qemu.assertSame("raw", raw, "qcow2", path);
      Files.delete(path);
      Files.delete(raw);
    }

    private void steps(int count) throws IOException {
      for (int i = 0; i < count; i++) {
        step();
      }
    }

    private void step() throws IOException {
      int offset = random.nextInt(model.length + 1);
      int longest = Math.min(model.length - offset, random.nextBoolean() ? 5000 : 300_000);
      int length = random.nextInt(longest + 1);
      switch (random.nextInt(14)) {
        case 0, 1, 2, 3 -> write(offset, length);
        case 4 -> writeDirectly(offset, length);
        case 5, 6, 7 -> assertArrayEquals(part(offset, length), Disks.read(image, offset, length));
        case 8 -> discard(offset, length);
        case 9 -> zero(offset, length);
        case 10 -> image.flush();
        case 11 -> readDirectly(offset, length);
        case 12 -> resize();
        default -> {
          image.close();
          image = Qcow2Image.open(path, options);
        }
      }
    }

    private byte[] part(int offset, int length) {
      return Arrays.copyOfRange(model, offset, offset + length);
    }

    private void write(int offset, int length) throws IOException {
      byte[] bytes = new byte[length];
      random.nextBytes(bytes);
      System.arraycopy(bytes, 0, model, offset, length);
      int cut = random.nextInt(length + 1);
      ByteBuffer direct = ByteBuffer.allocateDirect(cut).put(bytes, 0, cut).flip();
      ByteBuffer rest = ByteBuffer.wrap(bytes, cut, length - cut);
      ByteBuffer[] gather = {ByteBuffer.allocate(3), direct, ByteBuffer.allocate(0), rest};
      image.write(gather, 1, 3, offset);
      assertEquals(0, direct.remaining() + rest.remaining());
    }

    private void writeDirectly(int offset, int length) throws IOException {
      Extent extent = new Extent();
      int at = offset;
      while (at < offset + length) {
        image.mapForWrite(at, offset + length - at, extent);
        assertTrue(extent.isWritable() && extent.file() == 0, extent.toString());
        assertArrayEquals(
            part(at, (int) extent.length()), Disks.read(image, at, (int) extent.length()));
        byte[] bytes = new byte[(int) extent.length()];
        random.nextBytes(bytes);
        image.files().get(0).write(ByteBuffer.wrap(bytes), extent.hostOffset());
        System.arraycopy(bytes, 0, model, at, bytes.length);
        at += bytes.length;
      }
    }

    private void readDirectly(int offset, int length) throws IOException {
      Extent extent = new Extent();
      int at = offset;
      while (at < offset + length) {
        image.map(at, offset + length - at, extent);
        ByteBuffer b = ByteBuffer.allocate((int) extent.length());
        if (extent.kind() == Extent.Kind.DATA) {
          image.files().get(extent.file()).read(b, extent.hostOffset());
        }
        assertArrayEquals(part(at, b.capacity()), b.array());
        at += b.capacity();
      }
    }

    private void discard(int offset, int length) throws IOException {
      byte[] old = part(offset, length);
      image.discard(offset, length);
      byte[] now = Disks.read(image, offset, length);
      for (int i = 0; i < length; i++) {
        assertTrue(now[i] == 0 || now[i] == old[i], "Foreign byte after a discard");
      }
      System.arraycopy(now, 0, model, offset, length);
    }

    private void zero(int offset, int length) throws IOException {
      image.writeZeroes(offset, length, random.nextBoolean());
      Arrays.fill(model, offset, offset + length, (byte) 0);
    }

    private void resize() throws IOException {
      int size = 512 * (1 + random.nextInt(6000));
      if (size >= model.length || !hasSnapshot) {
        image.resize(size);
        model = Arrays.copyOf(model, size);
      }
    }
  }
}
