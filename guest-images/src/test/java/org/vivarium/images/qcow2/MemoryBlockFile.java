package org.vivarium.images.qcow2;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import org.vivarium.images.disk.BlockFile;
import org.vivarium.images.disk.Zeros;

/** A file in memory. */
final class MemoryBlockFile implements BlockFile {
  private final Path path;
  private byte[] bytes;
  private int size;

  MemoryBlockFile(Path path, byte[] content) {
    this.path = path;
    this.bytes = content.clone();
    this.size = content.length;
  }

  synchronized byte[] content() {
    return Arrays.copyOf(bytes, size);
  }

  @Override
  public Path path() {
    return path;
  }

  @Override
  public boolean isReadOnly() {
    return false;
  }

  @Override
  public synchronized long size() {
    return size;
  }

  @Override
  public synchronized void read(ByteBuffer dst, long offset) {
    if (offset < size) {
      dst.put(bytes, (int) offset, (int) Math.min(dst.remaining(), size - offset));
    }
    Zeros.fill(dst);
  }

  @Override
  public synchronized void write(ByteBuffer src, long offset) {
    int end = Math.toIntExact(offset + src.remaining());
    if (end > bytes.length) {
      bytes = Arrays.copyOf(bytes, end * 2);
    }
    src.get(bytes, (int) offset, src.remaining());
    size = Math.max(size, end);
  }

  @Override
  public void sync() {
    // Memory is as durable as this file gets.
  }

  @Override
  public synchronized void truncate(long newSize) {
    int to = Math.toIntExact(newSize);
    if (to > bytes.length) {
      bytes = Arrays.copyOf(bytes, to);
    }
    Arrays.fill(bytes, Math.min(to, size), Math.max(to, size), (byte) 0);
    size = to;
  }

  @Override
  public synchronized boolean punchHole(long offset, long length) {
    int from = (int) Math.min(offset, size);
    Arrays.fill(bytes, from, (int) Math.min(offset + length, size), (byte) 0);
    return true;
  }

  @Override
  public void close() {
    // Nothing is held.
  }
}
