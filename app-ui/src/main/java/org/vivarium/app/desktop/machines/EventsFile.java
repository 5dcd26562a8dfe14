package org.vivarium.app.desktop.machines;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a machine's process has written of its life to {@code state/events.log}, in this run and the
 * ones before. Any thread.
 */
final class EventsFile {
  private static final Logger LOG = LoggerFactory.getLogger(EventsFile.class);
  private static final int TAIL = 64 << 10;

  /** Between a line's time in the file and the time at which the window was told of it. */
  private static final long SAME_MILLIS = 2000;

  private EventsFile() {}

  /** The last of what the file in a machine's folder says; empty if there is none. Blocks. */
  static List<LogLine> read(Path machine) {
    Path events = machine.resolve("state").resolve("events.log");
    try (RandomAccessFile file = new RandomAccessFile(events.toFile(), "r")) {
      long start = Math.max(0, file.length() - TAIL);
      byte[] tail = new byte[(int) (file.length() - start)];
      file.seek(start);
      file.readFully(tail);
      String text = new String(tail, StandardCharsets.UTF_8);
      // The first line of a tail is a part of one.
      return parse(start == 0 ? text : text.substring(text.indexOf('\n') + 1));
    } catch (IOException e) {
      LOG.debug("{} tells nothing", events, e);
      return List.of();
    }
  }

  /** What has no time is no event: last words of the process or of its Java runtime. */
  static List<LogLine> parse(String text) {
    List<LogLine> lines = new ArrayList<>();
    long before = 0;
    for (String line : text.lines().filter(each -> !each.isBlank()).toList()) {
      int space = line.indexOf(' ');
      try {
        before = Instant.parse(line.substring(0, Math.max(0, space))).toEpochMilli();
        lines.add(new LogLine(before, line.substring(space + 1), false));
      } catch (DateTimeException _) {
        lines.add(new LogLine(before, line.replaceAll("\\p{Cntrl}", " ").strip(), true));
      }
    }
    return lines;
  }

  /** Both in the order of their times; what the window was told stands for the file's same line. */
  static List<LogLine> merged(List<LogLine> file, List<LogLine> told) {
    List<LogLine> all = new ArrayList<>(told);
    for (LogLine line : file) {
      boolean known =
          told.stream()
              .anyMatch(
                  other ->
                      other.text().equals(line.text())
                          && Math.abs(other.millis() - line.millis()) < SAME_MILLIS);
      if (!known) {
        all.add(line);
      }
    }
    all.sort(Comparator.comparingLong(LogLine::millis));
    return all;
  }
}
