package org.vivarium.images.disk;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;

/**
 * A {@link BlockFile} over a {@link FileChannel}.
 *
 * <p>Positional reads and writes of direct buffers go straight to pread and pwrite.
 */
public final class ChannelBlockFile implements BlockFile {
  private static final int S_IFMT = 0xF000;
  private static final int S_IFREG = 0x8000;
  private static final int S_IFBLK = 0x6000;

  private final Path path;
  private final boolean readOnly;
  private final FileChannel channel;
  private final HolePuncher.Hole hole;

  private ChannelBlockFile(
      Path path, boolean readOnly, FileChannel channel, HolePuncher.Hole hole) {
    this.path = path;
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
    try {
      int type = (Integer) Files.getAttribute(path, "unix:mode") & S_IFMT;
      if (type != S_IFREG && type != S_IFBLK) {
        throw new DiskImageException(
            "Disk " + path + " is neither a regular file nor a block device.");
      }
      FileChannel channel =
          FileChannel.open(
              path,
              readOnly
                  ? Set.of(StandardOpenOption.READ)
                  : Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE));
      try {
        HolePuncher.Hole hole = (readOnly ? HolePuncher.NONE : puncher).open(path);
        return new ChannelBlockFile(path, readOnly, channel, hole);
      } catch (IOException | RuntimeException e) {
        channel.close();
        throw e;
      }
    } catch (NoSuchFileException e) {
      throw new DiskImageException("Disk " + path + " does not exist.", e);
    } catch (AccessDeniedException e) {
      throw new DiskImageException(
          "Disk "
              + path
              + " may not be opened for "
              + (readOnly ? "reading" : "writing")
              + ": check the file's owner and mode, or attach it read-only.",
          e);
    }
  }

  @Override
  public Path path() {
    return path;
  }

  @Override
  public boolean isReadOnly() {
    return readOnly;
  }

  @Override
  public long size() throws IOException {
    return channel.size();
  }

  @Override
  public void read(ByteBuffer dst, long offset) throws IOException {
    long at = offset;
    while (dst.hasRemaining()) {
      int n = channel.read(dst, at);
      if (n < 0) {
        Zeros.fill(dst);
        return;
      }
      at += n;
    }
  }

  @Override
  public void write(ByteBuffer src, long offset) throws IOException {
    long at = offset;
    while (src.hasRemaining()) {
      at += channel.write(src, at);
    }
  }

  @Override
  public void sync() throws IOException {
    channel.force(false);
  }

  @Override
  public void truncate(long size) throws IOException {
    long old = channel.size();
    if (size < old) {
      channel.truncate(size);
    } else if (size > old) {
      ByteBuffer last = ByteBuffer.allocate(1);
      write(last, size - 1);
    }
  }

  @Override
  public boolean punchHole(long offset, long length) throws IOException {
    return hole.punch(offset, length);
  }

  @Override
  public void close() throws IOException {
    try (hole) {
      channel.close();
    }
  }
}
