package org.vivarium.vmm.store;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;

/** The last line of a log, fit to stand in a sentence. */
public final class LastWords {
  private static final int TAIL = 4 << 10;
  private static final int LONGEST = 300;

  private LastWords() {}

  /**
   * The last line that says something.
   *
   * @param from what stands before this byte is not looked at
   */
  public static Optional<String> of(Path log, long from) {
    try (RandomAccessFile file = new RandomAccessFile(log.toFile(), "r")) {
      long start = Math.max(Math.min(from, file.length()), file.length() - TAIL);
      byte[] tail = new byte[(int) (file.length() - start)];
      file.seek(start);
      file.readFully(tail);
      return new String(tail, StandardCharsets.UTF_8)
          .lines()
          .map(line -> line.replaceAll("\\p{Cntrl}", "?").strip())
          .filter(line -> !line.isEmpty())
          .reduce((_, last) -> last)
          .map(line -> line.substring(0, Math.min(line.length(), LONGEST)));
    } catch (IOException _) {
      return Optional.empty();
    }
  }
}
