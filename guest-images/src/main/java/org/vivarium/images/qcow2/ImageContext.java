package org.vivarium.images.qcow2;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.vivarium.images.disk.BlockFile;
import org.vivarium.images.disk.DiskImageException;

/**
 * What the parts of one open image share: the file, the header, the metadata lock, the end of the
 * file, and whether the storage has failed.
 */
final class ImageContext {
  private final BlockFile file;
  private final Geometry geometry;
  private final FieldCheck check;
  private final ReentrantLock lock = new ReentrantLock();
  private final ByteBuffer scratch;
  private volatile Qcow2Header header;
  private volatile long fileEnd;
  private volatile boolean dirty;
  private volatile @Nullable IOException syncFailure;

  ImageContext(BlockFile file, Qcow2Header header) throws IOException {
    this.file = file;
    this.header = header;
    this.geometry = header.geometry();
    this.check = new FieldCheck(file.path());
    this.scratch = ByteBuffer.allocateDirect(geometry.clusterSize());
    this.fileEnd = geometry.clusters(file.size()) << geometry.clusterBits();
  }

  BlockFile file() {
    return file;
  }

  Geometry geometry() {
    return geometry;
  }

  FieldCheck check() {
    return check;
  }

  /** The lock of everything that changes metadata or loads it. */
  ReentrantLock lock() {
    return lock;
  }

  Qcow2Header header() {
    return header;
  }

  /** A direct buffer of one cluster, cleared; only while holding the lock. */
  ByteBuffer scratch() {
    return scratch.clear();
  }

  /** Host byte offset, a multiple of the cluster size, from which on the file was never used. */
  long fileEnd() {
    return fileEnd;
  }

  /** Notes that the file is in use up to that host byte offset. Under the lock. */
  void extendTo(long end) {
    fileEnd = Math.max(fileEnd, end);
  }

  /** Whether metadata in memory differs from the file. */
  boolean isDirty() {
    return dirty;
  }

  /** Notes whether metadata in memory differs from the file. Under the lock. */
  void setDirty(boolean value) {
    dirty = value;
  }

  /** Writes the header, one sector, to the file; not synced. Under the lock. */
  void writeHeader(Qcow2Header value) throws IOException {
    ByteBuffer length = ByteBuffer.allocate(4);
    file.read(length, 100);
    file.write(value.encode(length.getInt(0)), 0);
    header = value;
  }

  /**
   * Makes all writes durable. After one failure the image takes no more writes: the host's kernel
   * may have dropped what was not written, and a later sync that succeeds would lie.
   */
  void sync() throws IOException {
    checkStorage();
    try {
      file.sync();
    } catch (IOException e) {
      syncFailure = e;
      throw e;
    }
  }

  /** Takes no more writes, because what the file holds is no longer known. */
  void fail(IOException cause) {
    syncFailure = cause;
  }

  /** Whether it takes no more writes; see {@link #fail}. */
  boolean hasFailed() {
    return syncFailure != null;
  }

  /** Fails once a sync has failed. */
  void checkStorage() throws IOException {
    IOException failure = syncFailure;
    if (failure != null) {
      throw new DiskImageException(
          "Image "
              + file.path()
              + " lost writes when the host's storage failed: stop the machine and check the"
              + " storage.",
          failure);
    }
  }

  /** Reads big-endian 8-byte entries. */
  long[] readLongs(long offset, int count) throws IOException {
    ByteBuffer b = ByteBuffer.allocate(count * Long.BYTES);
    file.read(b, offset);
    b.flip();
    long[] values = new long[count];
    b.asLongBuffer().get(values);
    return values;
  }
}
