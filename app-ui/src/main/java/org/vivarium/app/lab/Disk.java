package org.vivarium.app.lab;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.vivarium.app.bench.BenchException;

/** Sizes of files and processes, MiB. */
final class Disk {
  static final double MIB = 1 << 20;

  private static final Pattern PSS = Pattern.compile("(?m)^Pss: +([0-9]{1,15}) kB$");

  private Disk() {}

  static double apparent(Path file) throws BenchException {
    try {
      return Files.size(file) / MIB;
    } catch (IOException e) {
      throw new BenchException("The size of %s cannot be read.".formatted(file), e);
    }
  }

  /** What the file system gave: du(1) counts blocks, which Java does not tell. */
  static double allocated(Exec exec, Path path) throws BenchException {
    String line = exec.run(List.of("du", "-s", "--block-size=1024", path.toString()));
    return Double.parseDouble(line.split("\\s")[0]) / 1024;
  }

  /** A process's memory, with shared pages counted in part. */
  static double pss(long pid) throws BenchException {
    Path file = Path.of("/proc/" + pid + "/smaps_rollup");
    try {
      Matcher pss = PSS.matcher(Files.readString(file, StandardCharsets.US_ASCII));
      if (pss.find()) {
        return Long.parseLong(pss.group(1)) / 1024.0;
      }
    } catch (IOException e) {
      throw new BenchException("The memory of process %d cannot be read.".formatted(pid), e);
    }
    throw new BenchException("The file %s has no line Pss.".formatted(file));
  }
}
