package org.vivarium.images.disk;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/** Passes everything on to another file; the base of test layers. */
public class ForwardingBlockFile implements BlockFile {
  private final BlockFile file;

  public ForwardingBlockFile(BlockFile file) {
    this.file = file;
  }

  @Override
  public Path path() {
    return file.path();
  }

  @Override
  public boolean isReadOnly() {
    return file.isReadOnly();
  }

  @Override
  public long size() throws IOException {
    return file.size();
  }

  @Override
  public void read(ByteBuffer dst, long offset) throws IOException {
    file.read(dst, offset);
  }

  @Override
  public void write(ByteBuffer src, long offset) throws IOException {
    file.write(src, offset);
  }

  @Override
  public void sync() throws IOException {
    file.sync();
  }

  @Override
  public void truncate(long size) throws IOException {
    file.truncate(size);
  }

  @Override
  public boolean punchHole(long offset, long length) throws IOException {
    return file.punchHole(offset, length);
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
