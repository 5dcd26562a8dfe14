package org.vivarium.images.ext4;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.vivarium.images.disk.DiskImage;
import org.vivarium.images.disk.DiskImageException;

/**
 * A range of a disk that may hold a file system: a partition, or the whole disk.
 *
 * @param disk the disk
 * @param offset where the range begins on it, bytes
 * @param length its length, bytes; the range lies within the disk
 * @param name what people call it, for messages
 */
public record Volume(DiskImage disk, long offset, long length, String name) {
  /** Checks that the range lies within the disk. */
  public Volume {
    if (offset < 0 || length < 0 || offset > disk.size() - length) {
      throw new IllegalArgumentException(
          "Range of %d bytes at %d is not within the disk.".formatted(length, offset));
    }
  }

  /**
   * Reads bytes, little-endian.
   *
   * @param at byte offset in the volume, of any value
   * @param count how many, 0 or more
   * @throws DiskImageException where they do not lie in the volume
   */
  public ByteBuffer read(long at, int count) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(count);
    read(at, buffer);
    return buffer.flip().order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Fills the rest of a buffer; else as {@link #read(long, int)}. */
  public void read(long at, ByteBuffer buffer) throws IOException {
    if (at < 0 || at > length - buffer.remaining()) {
      throw new DiskImageException(
          "The file system on %s is damaged: it points to byte %d of %d."
              .formatted(name, at, length));
    }
    disk.read(buffer, offset + at);
  }
}
