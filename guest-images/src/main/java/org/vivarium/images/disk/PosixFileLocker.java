package org.vivarium.images.disk;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * QEMU-compatible locks by process-owned POSIX record locks, all that Java offers.
 *
 * <p>They conflict with QEMU's open-file-description locks as these do with each other. Their known
 * weakness: the kernel drops all of a process's locks on a file when the process closes any
 * descriptor of it. A disk that is opened twice for reading in one process is therefore locked
 * again when one of the two is closed; code that opens and closes a locked file otherwise undoes
 * the lock. Where that matters, use an implementation over F_OFD_SETLK.
 *
 * <p>Java can only ask for a lock, not ask who holds it. So a writer locks the bytes of what it
 * does not share exclusively, which keeps out the same users; a reader tries those bytes for a
 * moment. A file that may not be opened for writing is looked up in /proc/locks instead.
 */
public final class PosixFileLocker implements FileLocker {
  private static final PosixFileLocker SHARED = new PosixFileLocker();
  private static final int ATTEMPTS = 20;
  private static final long PAUSE_NANOS = 1_000_000;

  /** The locked files of this process, by device and inode; guarded by itself. */
  private final Map<Object, Held> held = new HashMap<>();

  private PosixFileLocker() {}

  /** The one instance: the process owns the locks, so it needs one register. */
  public static PosixFileLocker shared() {
    return SHARED;
  }

  @Override
  public Lease lock(Path file, Mode mode) throws IOException {
    Object key = FileKey.of(file);
    synchronized (held) {
      Held present = held.get(key);
      if (present == null) {
        present = new Held(file, mode);
        present.open();
        held.put(key, present);
      } else if (mode == Mode.WRITE || present.mode == Mode.WRITE) {
        throw new DiskImageException("Disk " + file + " is already open in this process.");
      }
      present.users++;
      return new Release(key, present);
    }
  }

  private final class Release implements Lease {
    private final Object key;
    private final Held lock;
    private boolean closed;

    Release(Object key, Held lock) {
      this.key = key;
      this.lock = lock;
    }

    @Override
    public void renew() throws IOException {
      synchronized (held) {
        if (!closed) {
          lock.again();
        }
      }
    }

    @Override
    public void close() throws IOException {
      synchronized (held) {
        if (closed) {
          return;
        }
        closed = true;
        lock.users--;
        if (lock.users == 0) {
          held.remove(key);
          lock.channel().close();
        } else {
          lock.again();
        }
      }
    }
  }

  /** The locks of one file. */
  private static final class Held {
    private final Path file;
    private final Mode mode;
    private final List<FileLock> locks = new ArrayList<>();
    private @Nullable FileChannel channel;
    private boolean writable;
    private int users;

    Held(Path file, Mode mode) {
      this.file = file;
      this.mode = mode;
    }

    FileChannel channel() {
      if (channel == null) {
        throw new IllegalStateException("The lock of " + file + " is not open.");
      }
      return channel;
    }

    void open() throws IOException {
      try {
        channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
        writable = true;
      } catch (FileSystemException e) {
        if (mode == Mode.WRITE) {
          throw e instanceof AccessDeniedException ? ChannelBlockFile.denied(file, false, e) : e;
        }
        // No right to write, or a read-only file system.
        channel = FileChannel.open(file, StandardOpenOption.READ);
      }
      try {
        take();
      } catch (IOException | RuntimeException e) {
        channel.close();
        throw e;
      }
    }

    /** Takes locks anew that the kernel dropped when another descriptor was closed. */
    void again() throws IOException {
      for (FileLock lock : locks) {
        lock.release();
      }
      locks.clear();
      take();
    }

    private void take() throws IOException {
      boolean shared = mode == Mode.READ;
      hold(PERM_BASE + CONSISTENT_READ, true);
      if (!shared) {
        hold(PERM_BASE + WRITE, false);
        hold(PERM_BASE + RESIZE, false);
      }
      hold(UNSHARED_BASE + WRITE, shared);
      hold(UNSHARED_BASE + RESIZE, shared);
      probe(UNSHARED_BASE + CONSISTENT_READ);
      if (shared) {
        probe(PERM_BASE + WRITE);
        probe(PERM_BASE + RESIZE);
      }
    }

    private void hold(int position, boolean shared) throws IOException {
      FileLock lock = attempt(position, shared);
      if (lock == null) {
        throw inUse();
      }
      locks.add(lock);
    }

    private void probe(int position) throws IOException {
      if (!writable) {
        if (ProcLocks.isLocked(file, position)) {
          throw inUse();
        }
        return;
      }
      FileLock lock = attempt(position, false);
      if (lock == null) {
        throw inUse();
      }
      lock.release();
    }

    /** Tries several times, because another reader's probe holds a byte for a moment. */
    private @Nullable FileLock attempt(int position, boolean shared) throws IOException {
      for (int i = 0; i < ATTEMPTS; i++) {
        try {
          FileLock lock = channel().tryLock(position, 1, shared);
          if (lock != null) {
            return lock;
          }
        } catch (OverlappingFileLockException e) {
          throw new DiskImageException("Disk " + file + " is already open in this process.", e);
        }
        LockSupport.parkNanos(PAUSE_NANOS);
      }
      return null;
    }

    private DiskImageException inUse() {
      String holder = ProcLocks.holderOf(file);
      return new DiskImageException(
          "Disk "
              + file
              + " is in use by "
              + (holder == null ? "another process" : holder)
              + (mode == Mode.WRITE ? "." : " for writing."));
    }
  }
}
