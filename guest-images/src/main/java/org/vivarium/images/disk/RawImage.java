package org.vivarium.images.disk;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/**
 * A disk whose bytes are a file's, or a block device's, as they are.
 *
 * <p>The content is never looked at: a guest that writes another format's header into its disk
 * changes nothing. Discard makes a hole where the {@link HolePuncher} can and otherwise does
 * nothing (it is advice); write-zeroes makes a hole where it may and can, and otherwise writes
 * zeros. A block device cannot be resized.
 */
public final class RawImage implements DiskImage {
  private static final int PAGE = 4096;

  private final BlockFile file;
  private final FileLocker.Lease lease;
  private volatile long size;
  private volatile boolean syncFailed;

  /** An image over an open file, which it then owns together with the lease. */
  public RawImage(BlockFile file, FileLocker.Lease lease) throws IOException {
    this.file = file;
    this.lease = lease;
    this.size = file.size();
  }

  /** Opens a raw disk and locks it. */
  public static RawImage open(Path path, DiskOptions options) throws IOException {
    LockedFile locked = LockedFile.open(path, options);
    try {
      return new RawImage(locked.file(), locked.lease());
    } catch (IOException | RuntimeException e) {
      locked.abandon();
      throw e;
    }
  }

  /**
   * Creates a sparse file of the given size.
   *
   * @throws DiskImageException where the size is negative
   * @throws java.nio.file.FileAlreadyExistsException where the file is there already
   */
  public static void create(Path path, long size) throws IOException {
    if (size < 0) {
      throw new DiskImageException("Size " + size + " of the new disk " + path + " is negative.");
    }
    try (FileChannel channel =
        FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      if (size > 0) {
        channel.write(ByteBuffer.allocate(1), size - 1);
      }
      channel.force(true);
    } catch (java.nio.file.FileAlreadyExistsException e) {
      throw e;
    } catch (IOException e) {
      Files.deleteIfExists(path);
      throw e;
    }
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public boolean isReadOnly() {
    return file.isReadOnly();
  }

  @Override
  public int allocationUnit() {
    return PAGE;
  }

  @Override
  public void read(ByteBuffer dst, long offset) throws IOException {
    Ranges.check(file.path(), offset, dst.remaining(), size);
    file.read(dst, offset);
  }

  @Override
  public void write(ByteBuffer src, long offset) throws IOException {
    checkWrite(offset, src.remaining());
    file.write(src, offset);
  }

  @Override
  public void flush() throws IOException {
    if (file.isReadOnly()) {
      return;
    }
    checkSync();
    try {
      file.sync();
    } catch (IOException e) {
      // The kernel may have dropped the dirty pages: a later fsync that succeeds would lie.
      syncFailed = true;
      throw e;
    }
  }

  @Override
  public void discard(long offset, long length) throws IOException {
    checkWrite(offset, length);
    if (length > 0) {
      file.punchHole(offset, length);
    }
  }

  @Override
  public void writeZeroes(long offset, long length, boolean mayUnmap) throws IOException {
    checkWrite(offset, length);
    if (length > 0 && !(mayUnmap && file.punchHole(offset, length))) {
      Zeros.write(file, offset, length);
    }
  }

  @Override
  public synchronized void resize(long newSize) throws IOException {
    checkWrite(0, 0);
    if (!Files.isRegularFile(file.path())) {
      throw new DiskImageException(
          "Disk " + file.path() + " is not a regular file, so its size cannot be changed here.");
    }
    if (newSize < 0) {
      throw new DiskImageException("New size " + newSize + " of " + file.path() + " is negative.");
    }
    if (newSize < size) {
      size = newSize;
    }
    file.truncate(newSize);
    size = newSize;
  }

  @Override
  public List<BlockFile> files() {
    return List.of(file);
  }

  @Override
  public long beginAccess() {
    return 0;
  }

  @Override
  public void endAccess(long token) {
    // Ranges of a raw file are never given to another use, so there is nothing to release.
  }

  @Override
  public void map(long offset, long length, Extent result) throws IOException {
    Ranges.check(file.path(), offset, length, size);
    result.setData(0, offset, length, !file.isReadOnly() && !syncFailed);
  }

  @Override
  public void mapForWrite(long offset, long length, Extent result) throws IOException {
    checkWrite(offset, length);
    result.setData(0, offset, length, true);
  }

  @Override
  public void close() throws IOException {
    try (lease;
        file) {
      flush();
    }
  }

  private void checkWrite(long offset, long length) throws IOException {
    if (file.isReadOnly()) {
      throw new DiskImageException("Disk " + file.path() + " is read-only.");
    }
    checkSync();
    Ranges.check(file.path(), offset, length, size);
  }

  private void checkSync() throws IOException {
    if (syncFailed) {
      throw new DiskImageException(
          "Disk "
              + file.path()
              + " lost writes when the host's storage failed: stop the machine and check the"
              + " storage.");
    }
  }
}
