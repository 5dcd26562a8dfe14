package org.vivarium.app.machines;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.vivarium.images.Progress;
import org.vivarium.images.disk.DiskImage;
import org.vivarium.images.disk.DiskOptions;
import org.vivarium.images.disk.Extent;
import org.vivarium.images.qcow2.Qcow2Creator;
import org.vivarium.images.qcow2.Qcow2Image;

/** Copies a disk, whatever its format and however many images it stands on, to one qcow2 image. */
public final class DiskCopy {
  private static final int CHUNK = 1 << 20;
  private static final int CLUSTER = 1 << 16;

  private DiskCopy() {}

  /**
   * Makes the copy; zeros take no room in it. An interrupt ends it and is used up; what was copied
   * by then is left.
   *
   * @param target not there yet
   * @param step what is told of the progress
   */
  public static void write(DiskImage source, Path target, String step, Progress progress)
      throws IOException {
    long size = source.size();
    Qcow2Creator.create(target, Qcow2Creator.Spec.of(size));
    try (Qcow2Image image = Qcow2Image.open(target, DiskOptions.readWrite())) {
      ByteBuffer buffer = ByteBuffer.allocateDirect(CHUNK);
      Extent extent = new Extent();
      long length;
      for (long at = 0; at < size; at += length) {
        source.map(at, size - at, extent);
        boolean stored =
            extent.kind() == Extent.Kind.DATA || extent.kind() == Extent.Kind.COMPRESSED;
        length = stored ? Math.min(extent.length(), CHUNK - at % CHUNK) : extent.length();
        if (stored) {
          source.read(buffer.clear().limit((int) length), at);
          writeUnlessZero(image, buffer.flip(), at);
        }
        progress.advanced(step, at + length, size);
        // A disk image finishes what it does although it is interrupted.
        if (Thread.interrupted()) {
          throw new InterruptedIOException("The copy to %s was cancelled.".formatted(target));
        }
      }
      image.flush();
    }
  }

  /** Leaves out clusters of zeros. */
  private static void writeUnlessZero(Qcow2Image image, ByteBuffer buffer, long at)
      throws IOException {
    int end = buffer.limit();
    for (int from = 0, to; from < end; from = to) {
      to = (int) Math.min(end, from + CLUSTER - (at + from) % CLUSTER);
      ByteBuffer cluster = buffer.slice(from, to - from);
      if (!isZero(cluster)) {
        image.write(cluster, at + from);
      }
    }
  }

  private static boolean isZero(ByteBuffer buffer) {
    int whole = buffer.limit() & -Long.BYTES;
    for (int i = 0; i < whole; i += Long.BYTES) {
      if (buffer.getLong(i) != 0) {
        return false;
      }
    }
    for (int i = whole; i < buffer.limit(); i++) {
      if (buffer.get(i) != 0) {
        return false;
      }
    }
    return true;
  }
}
