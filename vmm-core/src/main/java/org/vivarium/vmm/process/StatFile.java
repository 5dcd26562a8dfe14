package org.vivarium.vmm.process;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The processor time in one {@code stat} of /proc (proc(5)). The file is opened once, on its first
 * read, and its text, which the kernel makes anew for each read from its start, is not copied to
 * the heap: it is read each second for as long as a machine runs. Used by one thread.
 */
final class StatFile implements AutoCloseable {
  /** USER_HZ is 100 on x86-64, whatever the kernel's own clock. */
  private static final long NANOS_PER_TICK = 10_000_000;

  /** Longer than any; 52 numbers and a name. */
  private static final int MOST = 2048;

  // Fields counted from the one after the name, which is field 3 in proc(5).
  private static final int UTIME = 14 - 3;
  private static final int STIME = 15 - 3;
  private static final int GUEST_TIME = 43 - 3;

  private final Path file;
  private final ByteBuffer text = ByteBuffer.allocateDirect(MOST);
  private @Nullable FileChannel channel;
  private long user;
  private long system;
  private long guest;

  StatFile(Path file) {
    this.file = file;
  }

  /**
   * Reads.
   *
   * @throws IOException if the process or thread has gone
   */
  void read() throws IOException {
    FileChannel open = channel;
    if (open == null) {
      open = FileChannel.open(file);
      channel = open;
    }
    text.clear();
    open.read(text, 0);
    text.flip();
    // The name may itself hold spaces and parentheses.
    int at = text.limit() - 1;
    while (at >= 0 && text.get(at) != ')') {
      at--;
    }
    int field = -1;
    for (at++; at < text.limit() && field < GUEST_TIME; at++) {
      if (text.get(at) == ' ') {
        field++;
        switch (field) {
          case UTIME -> user = number(at + 1);
          case STIME -> system = number(at + 1);
          case GUEST_TIME -> guest = number(at + 1);
          default -> {}
        }
      }
    }
    if (field < GUEST_TIME) {
      throw new IOException(file + " has fewer fields than expected");
    }
  }

  private long number(int from) {
    long number = 0;
    for (int at = from; at < text.limit() && text.get(at) >= '0' && text.get(at) <= '9'; at++) {
      number = 10 * number + text.get(at) - '0';
    }
    return number;
  }

  /** User and system time at the last read. */
  long totalNanos() {
    return (user + system) * NANOS_PER_TICK;
  }

  /** The part of it in which a guest ran, at most all of it. */
  long guestNanos() {
    return Math.min(guest * NANOS_PER_TICK, totalNanos());
  }

  @Override
  public void close() {
    FileChannel open = channel;
    if (open == null) {
      return;
    }
    try {
      open.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e); // Nothing was written.
    }
  }
}
