package org.vivarium.devices.virtio.blk;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.vivarium.images.disk.BlockFile;
import org.vivarium.images.disk.DiskImage;
import org.vivarium.images.disk.Extent;

/** A disk in the heap that counts, fails and waits as a test wants. */
final class MemoryDisk implements DiskImage {
  final AtomicInteger flushes = new AtomicInteger();
  final AtomicInteger executing = new AtomicInteger();
  volatile boolean readOnly;
  volatile boolean failing;
  volatile boolean holding;
  volatile long lastThread;
  private volatile byte[] content;

  MemoryDisk(int bytes) {
    content = new byte[bytes];
  }

  byte get(int offset) {
    return content[offset];
  }

  void fill(int offset, int length, int value) {
    for (int i = 0; i < length; i++) {
      content[offset + i] = (byte) value;
    }
  }

  @Override
  public long size() {
    return content.length;
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
    dst.put(content, (int) offset, dst.remaining());
    executing.decrementAndGet();
  }

  @Override
  public void write(ByteBuffer src, long offset) throws IOException {
    begin();
    src.get(content, (int) offset, src.remaining());
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
    content = java.util.Arrays.copyOf(content, (int) newSize);
  }

  @Override
  public List<BlockFile> files() {
    return List.of();
  }

  @Override
  public long beginAccess() {
    throw new UnsupportedOperationException("Not on a file");
  }

  @Override
  public void endAccess(long token) {
    throw new UnsupportedOperationException("Not on a file");
  }

  @Override
  public void map(long offset, long length, Extent result) {
    throw new UnsupportedOperationException("Not on a file");
  }

  @Override
  public void mapForWrite(long offset, long length, Extent result) {
    throw new UnsupportedOperationException("Not on a file");
  }

  @Override
  public void close() {
    content = new byte[0];
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
