package org.vivarium.images.qcow2;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.vivarium.images.disk.BackingPolicy;
import org.vivarium.images.disk.BlockFile;
import org.vivarium.images.disk.DiskFormat;
import org.vivarium.images.disk.DiskImage;
import org.vivarium.images.disk.DiskOptions;
import org.vivarium.images.disk.FileLocker;

/** Short ways for tests to open, read and write disks. */
final class Disks {
  /** A rule that allows every name, with the format that the image states. */
  static final BackingPolicy ANY =
      (image, name, format) ->
          new BackingPolicy.BackingFile(
              image.resolveSibling(name), DiskFormat.of(format == null ? "raw" : format));

  static final DiskOptions WRITE = DiskOptions.readWrite().withBacking(ANY);
  static final DiskOptions READ = WRITE.withReadOnly(true);
  static final DiskOptions SMALL_CACHE = WRITE.withCacheBytes(64 << 10);

  private Disks() {}

  static Qcow2Image open(BlockFile file, DiskOptions options) throws IOException {
    return Qcow2Image.open(file, () -> {}, options.withLocker(FileLocker.none()), List.of());
  }

  static byte[] read(DiskImage image, long offset, int length) throws IOException {
    ByteBuffer b = ByteBuffer.allocate(length);
    image.read(b, offset);
    return b.array();
  }

  static byte[] readAll(DiskImage image) throws IOException {
    return read(image, 0, Math.toIntExact(image.size()));
  }

  static void write(DiskImage image, long offset, byte[] bytes) throws IOException {
    image.write(ByteBuffer.wrap(bytes), offset);
  }

  static byte[] random(long seed, int length) {
    byte[] bytes = new byte[length];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  static byte[] filled(int value, int length) {
    byte[] bytes = new byte[length];
    java.util.Arrays.fill(bytes, (byte) value);
    return bytes;
  }

  /** Writes what an image reads as to a raw file beside it. */
  static Path dump(DiskImage image, Path raw) throws IOException {
    return Files.write(raw, readAll(image));
  }
}
