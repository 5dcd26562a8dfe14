package org.vivarium.app.bench.disk;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.vivarium.app.bench.BenchException;

/**
 * What the device threads of a process of ours have allocated in the Java heap, as the JVM counts
 * it for each thread and jcmd tells it.
 */
final class DeviceHeap {
  /** A device's thread; the JVM rounds to a unit of at most a thousandth of 10 000 of it. */
  private static final Pattern THREAD =
      Pattern.compile("(?m)^\"[^\"]*-(?:io|worker[0-9]+)\" .* allocated=([0-9]{1,12})([BKMG]) ");

  private DeviceHeap() {}

  /** Bytes so far. */
  static long allocated(long pid) throws BenchException, InterruptedException {
    Path jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd");
    try {
      Process process =
          new ProcessBuilder(List.of(jcmd.toString(), Long.toString(pid), "Thread.print", "-e"))
              .redirectErrorStream(true)
              .start();
      try (InputStream in = process.getInputStream()) {
        String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
          throw new BenchException("jcmd failed: " + text.strip());
        }
        return sum(text);
      }
    } catch (IOException e) {
      throw new BenchException("%s cannot be run: %s".formatted(jcmd, e.getMessage()), e);
    }
  }

  /** The sum over the device threads of a thread dump. */
  static long sum(String dump) throws BenchException {
    Matcher threads = THREAD.matcher(dump);
    long bytes = 0;
    int found = 0;
    while (threads.find()) {
      int shift = 10 * "BKMG".indexOf(threads.group(2));
      bytes += Long.parseLong(threads.group(1)) << shift;
      found++;
    }
    if (found == 0) {
      throw new BenchException("The JVM names no thread of a device.");
    }
    return bytes;
  }
}
