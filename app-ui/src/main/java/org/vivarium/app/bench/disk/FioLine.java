package org.vivarium.app.bench.disk;

import org.vivarium.app.bench.BenchException;

/**
 * What fio says of a finished job: some columns of its terse output, version 3.
 *
 * @param job its name
 * @param error 0, or the errno that ended it: EILSEQ (84) where what was read is not what was
 *     written
 * @param kib KiB read and written
 * @param milliseconds how long that took
 */
public record FioLine(String job, int error, long kib, long milliseconds) {
  /** Job, error, KiB read, milliseconds of it, KiB written, milliseconds of it (cut -f). */
  static final String COLUMNS = "3,5,6,9,47,50";

  /**
   * Reads a line of those columns.
   *
   * @throws BenchException if it is none
   */
  static FioLine parse(String line) throws BenchException {
    String[] words = line.strip().split(";", -1);
    try {
      if (words.length == 6) {
        return new FioLine(
            words[0],
            Integer.parseInt(words[1]),
            Long.parseLong(words[2]) + Long.parseLong(words[4]),
            Long.parseLong(words[3]) + Long.parseLong(words[5]));
      }
    } catch (NumberFormatException e) {
      throw new BenchException("fio's output is not understood: " + line, e);
    }
    throw new BenchException("fio's output is not understood: " + line);
  }

  /** Requests of that size a second. */
  double perSecond(int requestKib) {
    return milliseconds == 0 ? 0 : 1000.0 * kib / requestKib / milliseconds;
  }
}
