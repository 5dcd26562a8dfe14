package org.vivarium.images.disk;

import java.io.IOException;
import java.nio.file.Path;

/**
 * A disk's open file together with its lock.
 *
 * @param file the open file
 * @param lease its lock, to be closed after the file
 */
public record LockedFile(BlockFile file, FileLocker.Lease lease) {
  /**
   * Locks and opens a regular file or block device. It is locked first: a process that opens and
   * closes a file that it has locked elsewhere would lose its POSIX locks.
   *
   * @throws DiskImageException where it is missing, is something else, is in use by others or may
   *     not be opened
   */
  public static LockedFile open(Path path, DiskOptions options) throws IOException {
    ChannelBlockFile.requireDisk(path);
    FileLocker.Lease lease = options.locker().lock(path, FileLocker.Mode.of(options.readOnly()));
    try {
      ChannelBlockFile file = ChannelBlockFile.open(path, options.readOnly(), options.puncher());
      file.renewWhenReopened(lease);
      return new LockedFile(file, lease);
    } catch (IOException | RuntimeException e) {
      lease.close();
      throw e;
    }
  }

  /** Closes both, after a failure that leaves nothing to write. */
  public void abandon() throws IOException {
    try (lease) {
      file.close();
    }
  }
}
