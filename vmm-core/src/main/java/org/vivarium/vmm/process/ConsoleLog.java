package org.vivarium.vmm.process;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.vivarium.vmm.LazyLogger;
import org.vivarium.vmm.engine.ConsoleOutput;
import org.vivarium.vmm.store.HostErrors;

/**
 * All that a console has shown since the machine's start, for any number of viewers, each of which
 * reads at its own pace: the newest bytes are in memory, older ones in a file of bounded size. The
 * guest waits for none of them. Where a viewer was so slow, or came so late, that bytes are no
 * longer there, it reads a mark instead.
 *
 * <p>A disk that is full costs the scrollback, not the console: the newest bytes still reach
 * whoever looks. Any thread.
 */
final class ConsoleLog implements ConsoleOutput, AutoCloseable {
  /** Bytes kept in memory. */
  static final int MEMORY = 64 << 10;

  /** Bytes kept in the two files together. */
  static final long FILES = 8 << 20;

  /** Stands for bytes that are no longer there. */
  static final String MARK = "\r\n[... earlier output was dropped here ...]\r\n";

  private static final LazyLogger LOG = LazyLogger.of(ConsoleLog.class);

  private final byte[] ring = new byte[MEMORY];
  private final LogFiles files;
  private final Path path;
  private final Consumer<String> trouble;
  private long total;
  private boolean ended;
  private boolean failing;

  /**
   * @param path the file; one of an earlier start is replaced
   * @param trouble hears, in a sentence, that the file cannot be written
   */
  ConsoleLog(Path path, Consumer<String> trouble) {
    this(path, FILES, trouble);
  }

  ConsoleLog(Path path, long size, Consumer<String> trouble) {
    this.path = path;
    this.files = new LogFiles(path, size);
    this.trouble = trouble;
  }

  @Override
  public void write(byte[] bytes, int offset, int length) {
    String problem;
    synchronized (this) {
      if (ended) {
        return;
      }
      problem = toFile(bytes, offset, length);
      toMemory(bytes, offset, length);
      notifyAll();
    }
    if (problem != null) {
      trouble.accept(problem);
    }
  }

  private @Nullable String toFile(byte[] bytes, int offset, int length) {
    try {
      files.append(total, bytes, offset, length);
      failing = false;
      return null;
    } catch (IOException e) {
      LOG.debug("{} cannot be written", path, e);
      boolean first = !failing;
      failing = true;
      return first
          ? "The console's log %s cannot be written: %s.".formatted(path, HostErrors.reason(e))
          : null;
    }
  }

  private void toMemory(byte[] bytes, int offset, int length) {
    int kept = Math.min(length, MEMORY);
    int from = offset + length - kept;
    int at = (int) ((total + length - kept) % MEMORY);
    int beforeWrap = Math.min(kept, MEMORY - at);
    System.arraycopy(bytes, from, ring, at, beforeWrap);
    System.arraycopy(bytes, from + beforeWrap, ring, 0, kept - beforeWrap);
    total += length;
  }

  /** A viewer's place in what was shown, at first its beginning. */
  Reader reader() {
    return new Reader();
  }

  /** One viewer. Used by one thread, {@link #leave} aside. */
  final class Reader {
    private long position;
    private boolean leaving;

    /**
     * Reads on; waits where there is nothing new.
     *
     * @param into at least as long as the mark
     * @return bytes read, -1 when there is nothing more to come
     */
    int read(byte[] into) throws InterruptedException {
      while (true) {
        LogFiles.Segment segment;
        synchronized (ConsoleLog.this) {
          while (position == total && !ended && !leaving) {
            ConsoleLog.this.wait();
          }
          if (position == total) {
            return -1;
          }
          long inMemory = Math.max(0, total - MEMORY);
          if (position >= inMemory) {
            return fromMemory(into);
          }
          boolean inFiles = files.first() <= position && position < files.end();
          if (!inFiles) {
            boolean later = position < files.first() && files.first() < files.end();
            position = later ? Math.min(files.first(), inMemory) : inMemory;
            return mark(into);
          }
          segment = files.segment(position);
        }
        int n = fromFile(segment, into);
        if (n > 0) {
          return n;
        }
      }
    }

    private int fromMemory(byte[] into) {
      int at = (int) (position % MEMORY);
      int n = (int) Math.min(Math.min(into.length, total - position), MEMORY - at);
      System.arraycopy(ring, at, into, 0, n);
      position += n;
      return n;
    }

    private int fromFile(LogFiles.Segment segment, byte[] into) {
      try {
        int n = segment.read(position, into);
        position += n;
        return n;
      } catch (IOException e) {
        // Rotated away meanwhile, or unreadable: what is in memory is next.
        LOG.debug("{} cannot be read", path, e);
        synchronized (ConsoleLog.this) {
          boolean still = files.first() <= position && position < files.end();
          position = still ? Math.max(position, total - MEMORY) : position;
        }
        return 0;
      }
    }

    private static int mark(byte[] into) {
      byte[] mark = MARK.getBytes(StandardCharsets.US_ASCII);
      System.arraycopy(mark, 0, into, 0, mark.length);
      return mark.length;
    }

    /** Has {@link #read} end once all that was shown so far is read. Any thread. */
    void leave() {
      synchronized (ConsoleLog.this) {
        leaving = true;
        ConsoleLog.this.notifyAll();
      }
    }
  }

  /** Ends it: viewers read what is left. */
  void end() {
    synchronized (this) {
      ended = true;
      notifyAll();
    }
  }

  @Override
  public void close() {
    end();
    synchronized (this) {
      try {
        files.close();
      } catch (IOException e) {
        LOG.debug("{} was not closed", path, e);
      }
    }
  }
}
