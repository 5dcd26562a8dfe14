package org.vivarium.vmm.process;

import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * A stream of bytes in two files of bounded size: the present one, and the one before it, which the
 * next takes the place of. Positions count from the stream's first byte.
 *
 * <p>The caller sees to it that one thread at a time calls; {@link Segment#read} alone may run
 * beside.
 */
final class LogFiles {
  /**
   * A run of bytes in a file.
   *
   * @param start position of its first byte
   * @param end position after its last byte
   */
  record Segment(FileChannel file, long start, long end) {
    /**
     * Reads from a position on.
     *
     * @return bytes read, above 0
     * @throws IOException if the file has been given up meanwhile, among other things
     */
    int read(long position, byte[] into) throws IOException {
      int length = (int) Math.min(into.length, end - position);
      int n = file.read(ByteBuffer.wrap(into, 0, length), position - start);
      if (n <= 0) {
        throw new IOException("the log was cut off by another process");
      }
      return n;
    }
  }

  private final Path path;
  private final Path older;
  private final long sizeEach;
  private @Nullable FileOutputStream out;
  private @Nullable FileChannel in;
  private @Nullable Segment before;
  private long start;
  private long end;

  /**
   * @param path the present file; the other has {@code .1} behind its name
   * @param size bytes that both together may have
   */
  LogFiles(Path path, long size) {
    this.path = path;
    this.older = path.resolveSibling(path.getFileName() + ".1");
    this.sizeEach = size / 2;
  }

  /**
   * Appends bytes.
   *
   * @param position of the first of them; where the files do not reach to it, they begin anew there
   * @throws IOException if the host refuses; the files hold nothing then
   */
  void append(long position, byte[] bytes, int offset, int length) throws IOException {
    try {
      if (out == null || position != end) {
        begin(position);
      } else if (end - start >= sizeEach) {
        rotate();
      }
      FileOutputStream file = out;
      if (file != null) {
        // A stream, not a channel: an interrupt must not close it.
        file.write(bytes, offset, length);
        end += length;
      }
    } catch (IOException e) {
      giveUp();
      throw e;
    }
  }

  private void begin(long position) throws IOException {
    giveUp();
    Files.deleteIfExists(older);
    open(position);
  }

  private void open(long position) throws IOException {
    out = new FileOutputStream(path.toFile());
    in = FileChannel.open(path, StandardOpenOption.READ);
    start = position;
    end = position;
  }

  private void rotate() throws IOException {
    FileChannel full = in;
    Segment oldest = before;
    closeOut();
    Files.move(path, older, StandardCopyOption.REPLACE_EXISTING);
    before = full == null ? null : new Segment(full, start, end);
    in = null;
    if (oldest != null) {
      oldest.file().close();
    }
    open(end);
  }

  private void closeOut() throws IOException {
    FileOutputStream file = out;
    out = null;
    if (file != null) {
      file.close();
    }
  }

  private void giveUp() throws IOException {
    closeOut();
    FileChannel reading = in;
    Segment oldest = before;
    in = null;
    before = null;
    start = end;
    if (reading != null) {
      reading.close();
    }
    if (oldest != null) {
      oldest.file().close();
    }
  }

  /** Where what the files hold begins; {@link #end()} if they hold nothing. */
  long first() {
    Segment oldest = before;
    return oldest == null ? start : oldest.start();
  }

  /** Where what the files hold ends. */
  long end() {
    return in == null ? Long.MIN_VALUE : end;
  }

  /** The run that holds a position from {@link #first()} up to {@link #end()}. */
  Segment segment(long position) {
    Segment oldest = before;
    if (oldest != null && position < oldest.end()) {
      return oldest;
    }
    FileChannel file = in;
    if (file == null) {
      throw new IllegalStateException("The files hold nothing");
    }
    return new Segment(file, start, end);
  }

  /** Gives back the descriptors; the files stay. */
  void close() throws IOException {
    giveUp();
  }
}
