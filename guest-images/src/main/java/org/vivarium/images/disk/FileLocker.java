package org.vivarium.images.disk;

import java.io.IOException;
import java.nio.file.Path;

/**
 * The way to lock a disk's file against other users, compatible with QEMU's image locking.
 *
 * <p>QEMU marks what a process does and what it cannot bear by read locks on single bytes of the
 * file: byte 100 + n is locked by who uses permission n, byte 200 + n by who does not let others
 * use it. Having locked its own, a process checks that nobody holds 200 + n for a permission that
 * it uses nor 100 + n for one that it does not share. Permissions: 0 consistent read, 1 write, 2
 * write unchanged, 3 resize. QEMU uses open-file-description locks (fcntl F_OFD_SETLK); these and
 * process-owned POSIX locks conflict with each other, so either kind may stand behind this
 * interface. An implementation opens the file by itself and keeps it open until the lease ends.
 */
public interface FileLocker {
  /** First byte of the permissions in use. */
  int PERM_BASE = 100;

  /** First byte of the permissions that are not shared. */
  int UNSHARED_BASE = 200;

  /** Permission: what is read is consistent. */
  int CONSISTENT_READ = 0;

  /** Permission: content is written. */
  int WRITE = 1;

  /** Permission: the size is changed. */
  int RESIZE = 3;

  /** What a disk is opened for. */
  enum Mode {
    /** Reads; others may read but neither write nor resize. */
    READ,
    /** Reads, writes and resizes; others may do nothing that needs consistent content. */
    WRITE;

    /** The mode of an image with that access. */
    public static Mode of(boolean readOnly) {
      return readOnly ? READ : WRITE;
    }
  }

  /** Locks nothing: for files that the caller has locked already. */
  static FileLocker none() {
    return (_, _) -> () -> {};
  }

  /**
   * Locks a file.
   *
   * @throws DiskImageException where another user of the file is in the way, named if known
   */
  Lease lock(Path file, Mode mode) throws IOException;

  /** A lock that is held until it is closed. Closed after the file's other channels. */
  interface Lease extends AutoCloseable {
    /** Takes the lock anew where closing another descriptor of the file has dropped it. */
    default void renew() throws IOException {
      // Only process-owned locks are dropped so.
    }

    @Override
    void close() throws IOException;
  }
}
