package org.vivarium.devices.virtio.blk;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.vivarium.images.disk.BlockFile;
import org.vivarium.images.disk.ChannelBlockFile;
import org.vivarium.images.disk.DiskImage;
import org.vivarium.images.disk.Extent;
import org.vivarium.images.disk.HolePuncher;

/**
 * A disk in the heap, or in a file for an engine that goes there by itself, that counts, fails and
 * waits as a test wants. While it fails or waits, its file is not to be used.
 */
final class MemoryDisk implements DiskImage {
  final AtomicInteger flushes = new AtomicInteger();
  final AtomicInteger executing = new AtomicInteger();
  final AtomicInteger accesses = new AtomicInteger();
  volatile boolean readOnly;
  volatile boolean failing;
  volatile boolean holding;
  volatile long lastThread;
  private final @Nullable Path file;
  private volatile ByteBuffer content;

  MemoryDisk(int bytes) {
    file = null;
    content = ByteBuffer.allocate(bytes);
  }

  MemoryDisk(int bytes, Path file) {
    this.file = file;
    content = map(file, bytes);
  }

  private static ByteBuffer map(Path file, int bytes) {
    try (FileChannel channel =
        FileChannel.open(
            file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      return channel.map(FileChannel.MapMode.READ_WRITE, 0, bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  byte get(int offset) {
    return content.get(offset);
  }

  void fill(int offset, int length, int value) {
    for (int i = 0; i < length; i++) {
      content.put(offset + i, (byte) value);
    }
  }

  @Override
  public long size() {
    return content.capacity();
  }

  @Override
  public boolean isReadOnly() {
    return readOnly;
  }

  @Override
  public int allocationUnit() {
    return 65536;
  }

  @Override
  public void read(ByteBuffer dst, long offset) throws IOException {
    begin();
    int length = dst.remaining();
    dst.put(dst.position(), content, (int) offset, length).position(dst.limit());
    executing.decrementAndGet();
  }

  @Override
  public void write(ByteBuffer src, long offset) throws IOException {
    begin();
    int length = src.remaining();
    content.put((int) offset, src, src.position(), length);
    src.position(src.limit());
    executing.decrementAndGet();
  }

  @Override
  public void flush() throws IOException {
    begin();
    flushes.incrementAndGet();
    executing.decrementAndGet();
  }

  @Override
  public void discard(long offset, long length) throws IOException {
    writeZeroes(offset, length, true);
  }

  @Override
  public void writeZeroes(long offset, long length, boolean mayUnmap) throws IOException {
    begin();
    fill((int) offset, (int) length, 0);
    executing.decrementAndGet();
  }

  @Override
  public void resize(long newSize) {
    content =
        file == null
            ? ByteBuffer.allocate((int) newSize).put(0, content, 0, content.capacity())
            : map(file, (int) newSize);
  }

  @Override
  public List<BlockFile> files() {
    try {
      return file == null
          ? List.of()
          : List.of(ChannelBlockFile.open(file, readOnly, HolePuncher.NONE));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public long beginAccess() {
    return accesses.incrementAndGet();
  }

  @Override
  public void endAccess(long token) {
    accesses.decrementAndGet();
  }

  @Override
  public void map(long offset, long length, Extent result) {
    if (failing || holding || file == null) {
      result.setOther(Extent.Kind.UNALLOCATED, length);
    } else {
      result.setData(0, offset, length, !readOnly);
    }
  }

  @Override
  public void mapForWrite(long offset, long length, Extent result) {
    throw new UnsupportedOperationException("Not on a file");
  }

  @Override
  public void close() {
    content = ByteBuffer.allocate(0);
    try {
      if (file != null) {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void begin() throws IOException {
    lastThread = Thread.currentThread().threadId();
    executing.incrementAndGet();
    while (holding) {
      Thread.onSpinWait();
    }
    if (failing) {
      executing.decrementAndGet();
      throw new IOException("No space left on device");
    }
  }
}
