package org.vivarium.images.disk;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A {@link BlockFile} over a {@link FileChannel}.
 *
 * <p>Positional reads and writes of direct buffers go straight to pread and pwrite and allocate
 * nothing. Java closes a file channel when a thread that uses it is interrupted; the file is then
 * opened again, the lock renewed, the operation finished and the thread's interrupt status kept.
 */
public final class ChannelBlockFile implements BlockFile {
  private static final int S_IFMT = 0xF000;
  private static final int S_IFREG = 0x8000;
  private static final int S_IFBLK = 0x6000;

  private final Path path;
  private final boolean readOnly;
  private final Object key;
  private final HolePuncher.Hole hole;
  private volatile FileChannel channel;
  private volatile boolean closed;
  private FileLocker.@Nullable Lease lease;

  private ChannelBlockFile(Path path, boolean readOnly, FileChannel channel, HolePuncher.Hole hole)
      throws IOException {
    this.path = path;
    this.key = FileKey.of(path);
    this.readOnly = readOnly;
    this.channel = channel;
    this.hole = hole;
  }

  /**
   * Opens an existing regular file or block device.
   *
   * @throws DiskImageException where it is missing, may not be opened, or is something else (a
   *     folder, a FIFO, a character device), which is found out before it is opened
   */
  public static ChannelBlockFile open(Path path, boolean readOnly, HolePuncher puncher)
      throws IOException {
    requireDisk(path);
    try {
      FileChannel channel = openChannel(path, readOnly);
      try {
        HolePuncher.Hole hole = (readOnly ? HolePuncher.NONE : puncher).open(path);
        return new ChannelBlockFile(path, readOnly, channel, hole);
      } catch (IOException | RuntimeException e) {
        channel.close();
        throw e;
      }
    } catch (AccessDeniedException e) {
      throw denied(path, readOnly, e);
    }
  }

  /**
   * Checks, without opening it, that a path is a regular file or a block device.
   *
   * @throws DiskImageException where it is not, or is missing
   */
  static void requireDisk(Path path) throws IOException {
    try {
      int type = (Integer) Files.getAttribute(path, "unix:mode") & S_IFMT;
      if (type != S_IFREG && type != S_IFBLK) {
        throw new DiskImageException(
            "Disk " + path + " is neither a regular file nor a block device.");
      }
    } catch (NoSuchFileException e) {
      throw new DiskImageException("Disk " + path + " does not exist.", e);
    } catch (AccessDeniedException e) {
      throw denied(path, true, e);
    }
  }

  /** The error of a file that the host does not let this user open. */
  static DiskImageException denied(Path path, boolean readOnly, IOException cause) {
    return new DiskImageException(
        "Disk "
            + path
            + " may not be opened for "
            + (readOnly ? "reading" : "writing")
            + ": check the owner and mode of the file and its folders, or attach it read-only.",
        cause);
  }

  @Override
  public Path path() {
    return path;
  }

  @Override
  public boolean isReadOnly() {
    return readOnly;
  }

  private static FileChannel openChannel(Path path, boolean readOnly) throws IOException {
    return FileChannel.open(
        path,
        readOnly
            ? Set.of(StandardOpenOption.READ)
            : Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE));
  }

  /** Names the lock that closing this file's channel may drop. Before the file is shared. */
  void renewWhenReopened(FileLocker.Lease value) {
    synchronized (hole) {
      lease = value;
    }
  }

  /**
   * Replaces a channel that an interrupt has closed.
   *
   * @return whether it was this thread that was interrupted; its status is cleared
   */
  private boolean reopen(FileChannel broken, ClosedChannelException cause) throws IOException {
    boolean interrupted = Thread.interrupted();
    synchronized (hole) {
      if (closed) {
        throw cause;
      }
      if (channel.equals(broken)) {
        if (!key.equals(FileKey.of(path))) {
          throw new DiskImageException("Disk " + path + " was replaced while it was open.", cause);
        }
        channel = openChannel(path, readOnly);
        if (lease != null) {
          lease.renew();
        }
      }
    }
    return interrupted;
  }

  private static void restore(boolean interrupted) {
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** An operation on the channel that may simply be repeated. */
  private interface Repeatable {
    long run(FileChannel channel) throws IOException;
  }

  private long repeat(Repeatable operation) throws IOException {
    boolean interrupted = Thread.interrupted();
    try {
      while (true) {
        FileChannel now = channel;
        try {
          return operation.run(now);
        } catch (ClosedChannelException e) {
          interrupted |= reopen(now, e);
        }
      }
    } finally {
      restore(interrupted);
    }
  }

  @Override
  public long size() throws IOException {
    return repeat(FileChannel::size);
  }

  @Override
  public void read(ByteBuffer dst, long offset) throws IOException {
    boolean interrupted = Thread.interrupted();
    int start = dst.position();
    try {
      while (dst.hasRemaining()) {
        FileChannel now = channel;
        try {
          if (now.read(dst, offset + dst.position() - start) < 0) {
            Zeros.fill(dst);
          }
        } catch (ClosedChannelException e) {
          interrupted |= reopen(now, e);
        }
      }
    } finally {
      restore(interrupted);
    }
  }

  @Override
  public void write(ByteBuffer src, long offset) throws IOException {
    boolean interrupted = Thread.interrupted();
    int start = src.position();
    try {
      while (src.hasRemaining()) {
        FileChannel now = channel;
        try {
          now.write(src, offset + src.position() - start);
        } catch (ClosedChannelException e) {
          interrupted |= reopen(now, e);
        }
      }
    } finally {
      restore(interrupted);
    }
  }

  @Override
  public void sync() throws IOException {
    repeat(
        now -> {
          now.force(false);
          return 0;
        });
  }

  @Override
  public void truncate(long size) throws IOException {
    long old = size();
    if (size < old) {
      repeat(now -> now.truncate(size).position());
    } else if (size > old) {
      write(ByteBuffer.allocate(1), size - 1);
    }
  }

  @Override
  public boolean punchHole(long offset, long length) throws IOException {
    return hole.punch(offset, length);
  }

  @Override
  public void close() throws IOException {
    synchronized (hole) {
      closed = true;
      try (hole) {
        channel.close();
      }
    }
  }
}
