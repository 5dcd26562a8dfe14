package org.vivarium.vmm.process;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.TimeUnit;
import org.vivarium.vmm.LazyLogger;

/**
 * What happens to a machine, in lines with their times, on the process's standard error, which
 * leads to {@code events.log}. The file is bounded, and so is what a guest can have written to it:
 * at most {@value #MOST_A_MINUTE} lines in a minute. Any thread.
 */
final class EventLog {
  private static final LazyLogger LOG = LazyLogger.of(EventLog.class);
  private static final int MOST_A_MINUTE = 120;
  private static final long MAX_SIZE = 1 << 20;
  private static final int LONGEST = 1000;

  private final Path file;
  private final PrintStream out;
  private long minute = Long.MIN_VALUE;
  private int lines;

  EventLog(Path file, PrintStream out) {
    this.file = file;
    this.out = out;
  }

  /**
   * Writes a line, unless there were too many of late.
   *
   * @return whether it was written
   */
  synchronized boolean note(String sentence) {
    Instant now = Instant.now();
    long present = TimeUnit.MILLISECONDS.toMinutes(now.toEpochMilli());
    lines = present == minute ? lines + 1 : 1;
    minute = present;
    if (lines > MOST_A_MINUTE) {
      return false;
    }
    keepSmall();
    String line = sentence.replaceAll("\\p{Cntrl}", "?");
    out.println(
        now.truncatedTo(ChronoUnit.MILLIS)
            + " "
            + line.substring(0, Math.min(line.length(), LONGEST)));
    out.flush();
    return true;
  }

  /** Every writer appends to the file, so that it can be cut while they hold it open. */
  private void keepSmall() {
    try {
      if (Files.isRegularFile(file) && Files.size(file) > MAX_SIZE) {
        Files.copy(
            file,
            file.resolveSibling(file.getFileName() + ".1"),
            StandardCopyOption.REPLACE_EXISTING);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
          channel.truncate(0);
        }
      }
    } catch (IOException e) {
      LOG.debug("{} stays large", file, e);
    }
  }
}
