package org.vivarium.app.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Processor time that a process has used (proc(5), /proc/PID/stat). */
final class ProcessCpu {
  /** Ticks in a second, on every Linux (USER_HZ). */
  static final int TICKS_A_SECOND = 100;

  /** The first field after the name is the third; user and system time are the 14th and 15th. */
  private static final int USER = 11;

  private static final int SYSTEM = 12;

  private ProcessCpu() {}

  /** User and system time of all its threads, ticks. */
  static long ticks(long pid) throws BenchException {
    try {
      String stat =
          Files.readString(Path.of("/proc/" + pid + "/stat"), StandardCharsets.ISO_8859_1);
      String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
      return Long.parseLong(fields[USER]) + Long.parseLong(fields[SYSTEM]);
    } catch (IOException e) {
      throw new BenchException("Process %d has ended.".formatted(pid), e);
    }
  }
}
