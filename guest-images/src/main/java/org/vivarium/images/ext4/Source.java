package org.vivarium.images.ext4;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a file system is read from: its volume, with the blocks that its journal replaces. */
final class Source {
  /**
   * Where the newer content of a block lies.
   *
   * @param at byte offset of the journal's copy on the volume
   * @param escaped whether the copy's first four bytes were the journal's magic number, which it
   *     has zeros for
   */
  record Copy(long at, boolean escaped) {}

  private final Volume volume;
  private final int blockSize;
  private final Map<Long, Copy> replaced;

  /** The volume as it is. */
  Source(Volume volume) {
    this(volume, 1, Map.of());
  }

  /**
   * The volume as its journal makes it.
   *
   * @param replaced copies by the number of the block that they replace
   */
  Source(Volume volume, int blockSize, Map<Long, Copy> replaced) {
    this.volume = volume;
    this.blockSize = blockSize;
    this.replaced = Map.copyOf(replaced);
  }

  String name() {
    return volume.name();
  }

  long length() {
    return volume.length();
  }

  /** As {@link Volume#read(long, int)}. */
  ByteBuffer read(long at, int count) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(count);
    read(at, buffer);
    return buffer.flip().order(ByteOrder.LITTLE_ENDIAN);
  }

  /** As {@link Volume#read(long, ByteBuffer)}. */
  void read(long at, ByteBuffer buffer) throws IOException {
    if (replaced.isEmpty() || at < 0 || at > volume.length() - buffer.remaining()) {
      volume.read(at, buffer);
      return;
    }
    int end = buffer.limit();
    for (long from = at; buffer.position() < end; ) {
      int length = (int) Math.min(blockSize - from % blockSize, end - buffer.position());
      @Nullable Copy copy = replaced.get(from / blockSize);
      while (copy == null
          && buffer.position() + length < end
          && !replaced.containsKey((from + length) / blockSize)) {
        length += Math.min(blockSize, end - buffer.position() - length);
      }
      buffer.limit(buffer.position() + length);
      if (copy == null) {
        volume.read(from, buffer);
      } else {
        readCopy(copy, (int) (from % blockSize), buffer);
      }
      buffer.limit(end);
      from += length;
    }
  }

  private void readCopy(Copy copy, int within, ByteBuffer buffer) throws IOException {
    int start = buffer.position();
    volume.read(copy.at() + within, buffer);
    for (int i = within; copy.escaped() && i < Integer.BYTES && start < buffer.position(); i++) {
      buffer.put(start++, (byte) (Journal.MAGIC >>> (24 - 8 * i)));
    }
  }
}
