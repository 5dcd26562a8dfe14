package org.vivarium.vmm.codec;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Cuts a byte stream into lines of bounded length. Used by one thread. */
public final class BoundedLines {
  /** A line is longer than the limit; where the next one begins is not known. */
  public static final class TooLong extends IOException {
    private static final long serialVersionUID = 1L;

    private TooLong(int limit) {
      super("a line longer than %d bytes".formatted(limit));
    }
  }

  private final ReadableByteChannel channel;
  private final int limit;
  private final ByteBuffer chunk = ByteBuffer.allocate(8 << 10).limit(0);
  private byte[] line = new byte[1 << 10];

  /**
   * @param limit longest line accepted, bytes without its end
   */
  public BoundedLines(ReadableByteChannel channel, int limit) {
    this.channel = channel;
    this.limit = limit;
  }

  /**
   * The next line without its end, or null at the end of the stream; a last line that has no end is
   * dropped, for a half-written message means nothing.
   *
   * @throws IOException if the line is longer than the limit, or the channel fails
   */
  public @Nullable String next() throws IOException {
    int length = 0;
    while (true) {
      if (!chunk.hasRemaining() && !fill()) {
        return null;
      }
      byte b = chunk.get();
      if (b == '\n') {
        int end = length > 0 && line[length - 1] == '\r' ? length - 1 : length;
        return new String(line, 0, end, StandardCharsets.UTF_8);
      }
      if (length == limit) {
        throw new TooLong(limit);
      }
      if (length == line.length) {
        line = Arrays.copyOf(line, Math.min(limit, 2 * length));
      }
      line[length++] = b;
    }
  }

  private boolean fill() throws IOException {
    int n = channel.read(chunk.clear());
    chunk.flip();
    return n > 0;
  }
}
