package org.vivarium.images.qcow2;

import io.airlift.compress.v3.zstd.ZstdJavaDecompressor;
import java.io.EOFException;

/**
 * Expands Zstandard frames that other bytes may follow, as they stand in an image: the stored
 * length is in sectors, so a frame's end is found by walking its blocks (RFC 8878, 3.1.1).
 */
final class ZstdFrames {
  private static final int MAGIC = 0xFD2FB528;
  private static final int[] DICTIONARY_ID_BYTES = {0, 1, 2, 4};
  private static final int[] CONTENT_SIZE_BYTES = {0, 2, 4, 8};

  private ZstdFrames() {}

  /**
   * Fills {@code out} from as many frames as that takes.
   *
   * @throws EOFException where a frame does not end, or the frames hold too little
   * @throws RuntimeException where a frame is malformed or holds too much
   */
  static void expand(byte[] stored, byte[] out) throws EOFException {
    ZstdJavaDecompressor decompressor = new ZstdJavaDecompressor();
    int in = 0;
    int done = 0;
    while (done < out.length) {
      int length = frameLength(stored, in);
      done += decompressor.decompress(stored, in, length, out, done, out.length - done);
      in += length;
    }
  }

  private static int frameLength(byte[] b, int start) throws EOFException {
    if (at(b, start, 4) != Integer.toUnsignedLong(MAGIC)) {
      throw new EOFException("No Zstandard frame begins at byte " + start + ".");
    }
    int descriptor = (int) at(b, start + 4, 1);
    boolean singleSegment = (descriptor & 0x20) != 0;
    int contentSize = CONTENT_SIZE_BYTES[descriptor >>> 6];
    if (singleSegment && contentSize == 0) {
      contentSize = 1;
    }
    int position =
        start + 5 + (singleSegment ? 0 : 1) + DICTIONARY_ID_BYTES[descriptor & 3] + contentSize;
    boolean last = false;
    while (!last) {
      int header = (int) at(b, position, 3);
      last = (header & 1) != 0;
      boolean oneByte = (header >>> 1 & 3) == 1;
      position += 3 + (oneByte ? 1 : header >>> 3);
    }
    position += (descriptor & 4) != 0 ? 4 : 0;
    if (position > b.length) {
      throw new EOFException("The frame at byte " + start + " is cut off.");
    }
    return position - start;
  }

  /** A little-endian number. */
  private static long at(byte[] b, int position, int bytes) throws EOFException {
    if (position > b.length - bytes) {
      throw new EOFException("The frame is cut off at byte " + position + ".");
    }
    long value = 0;
    for (int i = bytes - 1; i >= 0; i--) {
      value = value << 8 | (b[position + i] & 0xFF);
    }
    return value;
  }
}
