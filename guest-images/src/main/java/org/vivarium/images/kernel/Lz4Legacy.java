package org.vivarium.images.kernel;

import java.io.IOException;

/**
 * Decodes the LZ4 "legacy" frame that the kernel build makes: a magic number, then blocks of at
 * most 8 MiB unpacked, each behind its compressed size (LZ4 Frame Format, "Legacy frame").
 */
final class Lz4Legacy {
  static final int MAGIC = 0x184C2102;
  private static final int MAX_BLOCK = 8 << 20;

  private final byte[] in;
  private final int inEnd;
  private final byte[] out;
  private int inAt;
  private int outAt;

  private Lz4Legacy(byte[] in, int offset, int end, int size) {
    this.in = in;
    this.inAt = offset;
    this.inEnd = end;
    this.out = new byte[size];
  }

  /**
   * Decodes a frame.
   *
   * @param offset where the first block's size stands, behind the magic number
   * @param end where the frame ends
   * @param size bytes that it must unpack to
   * @throws IOException if it is damaged or unpacks to another size
   */
  static byte[] decode(byte[] in, int offset, int end, int size) throws IOException {
    Lz4Legacy decoder = new Lz4Legacy(in, offset, end, size);
    while (decoder.inAt < end) {
      decoder.block();
    }
    if (decoder.outAt != size) {
      throw new IOException("unpacks to " + decoder.outAt + " bytes instead of " + size);
    }
    return decoder.out;
  }

  private void block() throws IOException {
    if (inEnd - inAt < 4) {
      throw damaged();
    }
    int size = 0;
    for (int i = 0; i < 4; i++) {
      size |= (in[inAt++] & 0xFF) << (8 * i);
    }
    if (size <= 0 || size > inEnd - inAt) {
      throw damaged();
    }
    int blockStart = outAt;
    int limit = Math.min(out.length, outAt + MAX_BLOCK);
    int end = inAt + size;
    while (inAt < end) {
      sequence(end, blockStart, limit);
    }
  }

  /** Literals, then a match, which the last sequence of a block has not (LZ4 Block Format). */
  private void sequence(int end, int blockStart, int limit) throws IOException {
    int token = in[inAt++] & 0xFF;
    int literals = length(token >> 4, end);
    if (literals > end - inAt || literals > limit - outAt) {
      throw damaged();
    }
    System.arraycopy(in, inAt, out, outAt, literals);
    inAt += literals;
    outAt += literals;
    if (inAt == end) {
      return;
    }
    if (end - inAt < 2) {
      throw damaged();
    }
    int distance = (in[inAt] & 0xFF) | (in[inAt + 1] & 0xFF) << 8;
    inAt += 2;
    int match = length(token & 0xF, end) + 4;
    if (distance == 0 || distance > outAt - blockStart || match > limit - outAt) {
      throw damaged();
    }
    copy(distance, match);
  }

  /** A match may overlap what it makes, in which case the bytes repeat. */
  private void copy(int distance, int length) {
    if (distance >= length) {
      System.arraycopy(out, outAt - distance, out, outAt, length);
    } else {
      for (int i = 0; i < length; i++) {
        out[outAt + i] = out[outAt + i - distance];
      }
    }
    outAt += length;
  }

  private int length(int start, int end) throws IOException {
    int length = start;
    if (start == 15) {
      int more;
      do {
        if (inAt >= end || length > MAX_BLOCK) {
          throw damaged();
        }
        more = in[inAt++] & 0xFF;
        length += more;
      } while (more == 255);
    }
    return length;
  }

  private IOException damaged() {
    return new IOException("damaged LZ4 data near byte " + inAt);
  }
}
