package org.vivarium.images.disk;

import java.io.IOException;
import java.nio.ByteBuffer;

/** Zero bytes for buffers and files. */
public final class Zeros {
  private static final int CHUNK = 256 * 1024;
  private static final ByteBuffer ZEROS = ByteBuffer.allocateDirect(CHUNK).asReadOnlyBuffer();

  private Zeros() {}

  /** Fills a buffer with zeros from its position to its limit. Allocates nothing. */
  public static void fill(ByteBuffer dst) {
    while (dst.remaining() >= Long.BYTES) {
      dst.putLong(0);
    }
    while (dst.hasRemaining()) {
      dst.put((byte) 0);
    }
  }

  /** Writes {@code length} zero bytes to a file. */
  public static void write(BlockFile file, long offset, long length) throws IOException {
    long at = offset;
    long end = offset + length;
    while (at < end) {
      int n = (int) Math.min(CHUNK, end - at);
      file.write(ZEROS.slice(0, n), at);
      at += n;
    }
  }
}
