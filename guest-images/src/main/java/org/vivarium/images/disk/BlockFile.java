package org.vivarium.images.disk;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/**
 * A host file or block device that an image lies in: the seam where tests put faults.
 *
 * <p>All methods may be called from several threads at once.
 */
public interface BlockFile extends AutoCloseable {
  /** The file's path, for messages and for those who open it again with system calls. */
  Path path();

  /** Whether it was opened for reading only. */
  boolean isReadOnly();

  /** The size in bytes, of a block device too. */
  long size() throws IOException;

  /** Fills {@code dst} to its limit; what lies past the end of the file reads as zeros. */
  void read(ByteBuffer dst, long offset) throws IOException;

  /** Writes {@code src} to its limit; the file grows where needed. */
  void write(ByteBuffer src, long offset) throws IOException;

  /** Returns once everything written before is on stable storage, as fdatasync does. */
  void sync() throws IOException;

  /** Sets the size; what is gained reads as zeros. */
  void truncate(long size) throws IOException;

  /**
   * Gives a range's space back to the host; it then reads as zeros.
   *
   * @return false, and nothing done, where this file cannot
   */
  boolean punchHole(long offset, long length) throws IOException;

  @Override
  void close() throws IOException;
}
