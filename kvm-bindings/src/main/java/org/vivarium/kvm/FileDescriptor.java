package org.vivarium.kvm;

import java.util.concurrent.atomic.AtomicInteger;
import org.vivarium.kvm.ffi.Linux;

/** Owner of one open file descriptor; closing it twice closes it once. Any thread. */
public class FileDescriptor implements AutoCloseable {
  private final AtomicInteger fd;

  FileDescriptor(int fd) {
    if (fd < 0) {
      throw new IllegalArgumentException("A file descriptor is not negative: " + fd);
    }
    this.fd = new AtomicInteger(fd);
  }

  /**
   * The descriptor's number.
   *
   * @throws IllegalStateException after {@link #close()}
   */
  public final int fd() {
    int value = fd.get();
    if (value < 0) {
      throw new IllegalStateException(getClass().getSimpleName() + " is closed");
    }
    return value;
  }

  /** Whether {@link #close()} was called. */
  public final boolean isClosed() {
    return fd.get() < 0;
  }

  @Override
  public void close() {
    int value = fd.getAndSet(-1);
    if (value >= 0) {
      // Linux frees the number even when close reports an error, so there is nothing to retry.
      NativeCalls.call(Linux.SYS_close(), value);
    }
  }
}
