package org.vivarium.vmm.engine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.VmmException;

/**
 * How much memory this computer can still give, so that a machine which asks for more is refused
 * before it drives the host into swapping or the out-of-memory killer.
 *
 * @param meminfo the kernel's report (proc(5), /proc/meminfo)
 */
public record HostMemory(Path meminfo) {
  private static final String AVAILABLE = "MemAvailable:";
  private static final String UNIT = " kB";
  private static final long KIB = 1L << 10;
  private static final long MIB = 1L << 20;

  /** The memory of the computer that this runs on. */
  public static HostMemory ofThisComputer() {
    return new HostMemory(Path.of("/proc/meminfo"));
  }

  /**
   * Bytes that new work can have without swapping (MemAvailable).
   *
   * @throws VmmException if the kernel's report cannot be read or does not say
   */
  public long available() throws VmmException {
    String report;
    try {
      report = Files.readString(meminfo);
    } catch (IOException e) {
      throw new VmmException(
          "The free memory of this computer is unknown: %s cannot be read.".formatted(meminfo), e);
    }
    // Not a regular expression, which would take a while to load at the start of a machine.
    for (String line : report.split("\n")) {
      if (line.startsWith(AVAILABLE) && line.endsWith(UNIT)) {
        return kib(line.substring(AVAILABLE.length(), line.length() - UNIT.length()).strip());
      }
    }
    throw unknown(null);
  }

  private long kib(String number) throws VmmException {
    try {
      return Math.multiplyExact(Long.parseLong(number), KIB);
    } catch (ArithmeticException | NumberFormatException e) {
      throw unknown(e);
    }
  }

  private VmmException unknown(@Nullable Exception cause) {
    return new VmmException(
        "The free memory of this computer is unknown: %s has no MemAvailable line."
            .formatted(meminfo),
        cause);
  }

  /**
   * Refuses a machine that would not fit.
   *
   * @param bytes RAM of the machine
   * @throws InvalidConfigException if the computer has less to give than that
   * @throws VmmException if it is unknown how much it has
   */
  public void check(long bytes) throws VmmException {
    long available = available();
    if (bytes > available) {
      throw new InvalidConfigException(
          "Memory: %d MiB is more than the %d MiB that this computer has to give now; choose less."
              .formatted(bytes / MIB, available / MIB));
    }
  }
}
