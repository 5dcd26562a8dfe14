package org.vivarium.images.disk;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * A disk's content, addressed by byte offset from 0 to {@link #size()}.
 *
 * <p><b>Durability.</b> A write is durable once a {@link #flush()} that began after it has
 * returned. Until then a crash leaves each 512-byte sector old or new, never with another sector's
 * content.
 *
 * <p><b>Threads.</b> Every method may be called from any thread, several at once. Reads, and writes
 * to ranges that are already allocated, run in parallel; changes of an image's metadata (first
 * write to a range, discard, write-zeroes, resize, flush of metadata) take turns. Requests that
 * overlap and run at once may be applied in any order, as on a real disk. {@link #close()} comes
 * after all others have returned. An interrupt neither ends a request nor gets lost.
 *
 * <p><b>Buffers.</b> Reads fill a buffer from its position to its limit, writes drain it; both move
 * the position to the limit. Direct buffers (also those over guest memory) pass to the host kernel
 * without a copy in the heap. No method keeps a buffer. After a failure the content of the range
 * that was written, and the buffers' positions, are undefined.
 *
 * <p><b>Direct path.</b> A caller that has system calls of its own (io_uring) maps a range to the
 * host's file and works there itself, within {@link #beginAccess()} and {@link #endAccess(long)}:
 *
 * <pre>{@code
 * long token = image.beginAccess();
 * image.mapForWrite(offset, length, extent);   // or map(...) to read
 * submit(extent.file(), extent.hostOffset(), extent.length(), () -> image.endAccess(token));
 * }</pre>
 */
public interface DiskImage extends AutoCloseable {
  /** The disk's size in bytes; not always a multiple of 512 for raw files. */
  long size();

  /** Whether every change is refused. */
  boolean isReadOnly();

  /** Unit of allocation in bytes: the best alignment and least length of a discard. */
  int allocationUnit();

  /**
   * Reads {@code dst.remaining()} bytes.
   *
   * @param offset in bytes; offset + remaining must not exceed {@link #size()}
   * @throws DiskImageException where the range lies beyond the disk or the image is corrupt there
   * @throws IOException where the host's storage fails
   */
  void read(ByteBuffer dst, long offset) throws IOException;

  /**
   * Writes {@code src.remaining()} bytes.
   *
   * @param offset in bytes; offset + remaining must not exceed {@link #size()}
   * @throws DiskImageException where the range lies beyond the disk, the image is read-only or it
   *     is corrupt there
   * @throws IOException where the host's storage fails or is full
   */
  void write(ByteBuffer src, long offset) throws IOException;

  /** Reads into {@code count} buffers from index {@code first} on, one after the other. */
  default void read(ByteBuffer[] dsts, int first, int count, long offset) throws IOException {
    long at = offset;
    for (int i = first; i < first + count; i++) {
      int length = dsts[i].remaining();
      read(dsts[i], at);
      at += length;
    }
  }

  /** Writes from {@code count} buffers from index {@code first} on, one after the other. */
  default void write(ByteBuffer[] srcs, int first, int count, long offset) throws IOException {
    long at = offset;
    for (int i = first; i < first + count; i++) {
      int length = srcs[i].remaining();
      write(srcs[i], at);
      at += length;
    }
  }

  /** Makes every write that has returned durable. */
  void flush() throws IOException;

  /**
   * Tells that the content of a range is no longer needed. What it reads as afterwards is zeros or
   * its old content; never another range's. Space goes back to the host where the format and the
   * host allow it, at the next flush or later.
   */
  void discard(long offset, long length) throws IOException;

  /**
   * Makes a range read as zeros.
   *
   * @param mayUnmap whether the range's space may go back to the host
   */
  void writeZeroes(long offset, long length, boolean mayUnmap) throws IOException;

  /**
   * Changes the size; what is gained reads as zeros.
   *
   * @param newSize in bytes
   * @throws DiskImageException where the image cannot have that size
   */
  void resize(long newSize) throws IOException;

  /** The host's files: this image's own at index 0, then those of the images below it. */
  List<BlockFile> files();

  /**
   * Pins the present mapping: host ranges got from {@link #map} keep this disk's content until
   * {@link #endAccess} is called with the returned token, even if they are discarded meanwhile.
   * Never blocks and allocates nothing. The token may be ended on another thread.
   */
  long beginAccess();

  /** Ends what {@link #beginAccess()} began. */
  void endAccess(long token);

  /**
   * Tells where a range lies. The answer begins at {@code offset} and may be shorter than {@code
   * length}; ask again for the rest.
   */
  void map(long offset, long length, Extent result) throws IOException;

  /**
   * Like {@link #map}, after allocating the beginning of the range in this image, its content kept:
   * the answer is always a writable {@link Extent.Kind#DATA} of file 0. Bytes written there become
   * durable with a {@link #flush()} that begins after their completion.
   */
  void mapForWrite(long offset, long length, Extent result) throws IOException;

  /** Flushes, releases locks and closes the files. */
  @Override
  void close() throws IOException;
}
