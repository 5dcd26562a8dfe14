package org.vivarium.images.deb;

import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/** A stream that must have as many bytes as it promised: one that ends before fails. */
final class WholeStream extends FilterInputStream {
  private long left;

  /**
   * @param size bytes that the stream has
   */
  WholeStream(InputStream in, long size) {
    super(in);
    this.left = size;
  }

  @Override
  public int read() throws IOException {
    int b = super.read();
    count(b < 0 ? -1 : 1);
    return b;
  }

  @Override
  public int read(byte[] buffer, int offset, int length) throws IOException {
    int n = super.read(buffer, offset, length);
    count(n);
    return n;
  }

  @Override
  public long skip(long n) throws IOException {
    long skipped = super.skip(n);
    left -= skipped;
    return skipped;
  }

  @Override
  public boolean markSupported() {
    return false;
  }

  private void count(int n) throws IOException {
    if (n >= 0) {
      left -= n;
    } else if (left > 0) {
      throw new EOFException("it ends " + left + " bytes early");
    }
  }
}
