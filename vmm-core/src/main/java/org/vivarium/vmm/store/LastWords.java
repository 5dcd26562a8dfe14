package org.vivarium.vmm.store;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/** The last line of a log, fit to stand in a sentence. */
public final class LastWords {
  private static final int TAIL = 4 << 10;
  private static final int LONGEST = 300;

  /** More than a Java runtime writes about its own crash, its memory map included. */
  private static final int REPORT = 512 << 10;

  /** How such a report ends, and how the line begins that says why. */
  private static final String REPORT_END = "END.";

  private static final String REASON = "#  ";
  private static final String PROCESS = ", pid=";

  private LastWords() {}

  /**
   * The last line that says something, and of a Java runtime's report of its crash why it crashed.
   *
   * @param from what stands before this byte is not looked at
   */
  public static Optional<String> of(Path log, long from) {
    try (RandomAccessFile file = new RandomAccessFile(log.toFile(), "r")) {
      Optional<String> last = lines(file, from, TAIL).reduce((_, later) -> later);
      Optional<String> reason =
          last.filter(REPORT_END::equals).isPresent()
              ? lines(file, from, REPORT)
                  .filter(line -> line.startsWith(REASON) && line.contains(PROCESS))
                  .reduce((_, later) -> later)
                  .map(line -> "Java crashed: " + line.substring(REASON.length()))
              : Optional.empty();
      return reason.or(() -> last).map(line -> line.substring(0, Math.min(line.length(), LONGEST)));
    } catch (IOException _) {
      return Optional.empty();
    }
  }

  /** Of the last {@code most} bytes, the lines that say something. */
  private static Stream<String> lines(RandomAccessFile file, long from, int most)
      throws IOException {
    long start = Math.max(Math.min(from, file.length()), file.length() - most);
    byte[] tail = new byte[(int) (file.length() - start)];
    file.seek(start);
    file.readFully(tail);
    return new String(tail, StandardCharsets.UTF_8)
        .lines()
        .map(line -> line.replaceAll("\\p{Cntrl}", "?").strip())
        .filter(line -> !line.isEmpty());
  }
}
