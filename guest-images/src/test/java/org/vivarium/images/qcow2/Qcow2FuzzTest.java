package org.vivarium.images.qcow2;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.vivarium.images.disk.BackingPolicy;
import org.vivarium.images.disk.DiskImageException;
import org.vivarium.images.disk.DiskOptions;
import org.vivarium.images.disk.Extent;

/**
 * Any bytes as an image: opened, read, written, discarded, resized and flushed, they end in nothing
 * but an error with a sentence. The seeds are images that QEMU made with 512-byte clusters.
 */
class Qcow2FuzzTest {
  private static final Path NAME = Path.of("/fuzz.qcow2");
  private static final int MAX_INPUT = 1 << 18;

  @FuzzTest(maxDuration = "60s")
  void anyBytesAreRefusedOrServed(byte[] bytes) {
    if (bytes.length > MAX_INPUT) {
      return;
    }
    DiskOptions options =
        DiskOptions.readWrite().withBacking(BackingPolicy.none()).withCacheBytes(64 << 10);
    use(bytes, options.withReadOnly(true));
    use(bytes, options);
  }

  private static void use(byte[] bytes, DiskOptions options) {
    MemoryBlockFile file = new MemoryBlockFile(NAME, bytes);
    try (Qcow2Image image = Disks.open(file, options)) {
      long size = image.size();
      for (long at : new long[] {0, 700, size / 2, size - 5000}) {
        if (at >= 0 && at < size) {
          int length = (int) Math.min(5000, size - at);
          attempt(() -> image.read(ByteBuffer.allocate(length), at));
          attempt(() -> image.map(at, size - at, new Extent()));
          attempt(() -> image.write(ByteBuffer.allocate(length), at));
          attempt(() -> image.mapForWrite(at, length, new Extent()));
          attempt(() -> image.discard(at, length));
          attempt(() -> image.writeZeroes(at, length, (at & 1) == 0));
          attempt(image::flush);
          attempt(() -> image.read(ByteBuffer.allocate(length), at));
        }
      }
      attempt(() -> image.resize(Math.max(size, 300_000)));
      attempt(() -> image.write(ByteBuffer.allocate(3000), 100_000));
    } catch (IOException e) {
      requireSentence(e);
    }
  }

  private interface Attempt {
    void run() throws IOException;
  }

  private static void attempt(Attempt attempt) {
    try {
      attempt.run();
    } catch (IOException e) {
      requireSentence(e);
    }
  }

  /** A file in memory does not fail, so every error is one about the image. */
  private static void requireSentence(IOException e) {
    if (!(e instanceof DiskImageException) || !String.valueOf(e.getMessage()).endsWith(".")) {
      throw new AssertionError(e);
    }
  }
}
