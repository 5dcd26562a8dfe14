package org.vivarium.app.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a process that runs a machine costs the host, from its {@code smaps} (proc(5)); KiB.
 *
 * @param own all mappings but the guest's RAM
 * @param guest the guest's RAM
 */
public record ProcessMemory(Figures own, Figures guest) {
  /**
   * Sums over mappings, KiB.
   *
   * @param rss resident
   * @param pss resident, with pages shared among n processes counted as 1/n
   * @param privateDirty written to and this process's alone
   * @param hugePages part of the resident pages that are huge ones
   */
  public record Figures(long rss, long pss, long privateDirty, long hugePages) {
    static final Figures NONE = new Figures(0, 0, 0, 0);

    Figures plus(Figures other) {
      return new Figures(
          rss + other.rss,
          pss + other.pss,
          privateDirty + other.privateDirty,
          hugePages + other.hugePages);
    }

    /** The mean of so many. */
    Figures over(int count) {
      return new Figures(rss / count, pss / count, privateDirty / count, hugePages / count);
    }
  }

  private static final Pattern MAPPING =
      Pattern.compile("^([0-9a-f]{1,16})-([0-9a-f]{1,16}) (\\S{4}) .*");
  private static final Pattern FIELD = Pattern.compile("^(\\w+): +([0-9]{1,15}) kB$");

  /**
   * Reads what a process costs now.
   *
   * @param ramMib the guest's RAM: the writable mapping of that size is it
   * @throws BenchException if the process is not ours to look at, or has no such mapping
   */
  public static ProcessMemory of(long pid, int ramMib) throws BenchException {
    try {
      String smaps = Files.readString(Path.of("/proc/" + pid + "/smaps"), StandardCharsets.UTF_8);
      return parse(smaps, (long) ramMib << 20);
    } catch (IOException e) {
      throw new BenchException("The memory of process %d cannot be read.".formatted(pid), e);
    }
  }

  /**
   * Reads what a process without a guest costs now.
   *
   * @throws BenchException if the process is not ours to look at
   */
  public static Figures ofProcess(long pid) throws BenchException {
    try {
      Figures sum = Figures.NONE;
      for (String line : Files.readAllLines(Path.of("/proc/" + pid + "/smaps_rollup"))) {
        sum = sum.plus(figures(line));
      }
      return sum;
    } catch (IOException e) {
      throw new BenchException("The memory of process %d cannot be read.".formatted(pid), e);
    }
  }

  static ProcessMemory parse(String smaps, long ramBytes) throws BenchException {
    Figures own = Figures.NONE;
    Figures guest = Figures.NONE;
    boolean found = false;
    boolean isGuest = false;
    for (String line : smaps.split("\n")) {
      Matcher mapping = MAPPING.matcher(line);
      if (mapping.matches()) {
        long size =
            Long.parseUnsignedLong(mapping.group(2), 16)
                - Long.parseUnsignedLong(mapping.group(1), 16);
        isGuest = size == ramBytes && mapping.group(3).startsWith("rw");
        found |= isGuest;
      }
      Figures figures = figures(line);
      if (isGuest) {
        guest = guest.plus(figures);
      } else {
        own = own.plus(figures);
      }
    }
    if (!found) {
      throw new BenchException("The process has no mapping of the size of the guest's RAM.");
    }
    return new ProcessMemory(own, guest);
  }

  private static Figures figures(String line) {
    Matcher field = FIELD.matcher(line);
    if (!field.matches()) {
      return Figures.NONE;
    }
    long kib = Long.parseLong(field.group(2));
    return switch (field.group(1)) {
      case "Rss" -> new Figures(kib, 0, 0, 0);
      case "Pss" -> new Figures(0, kib, 0, 0);
      case "Private_Dirty" -> new Figures(0, 0, kib, 0);
      case "AnonHugePages", "ShmemPmdMapped" -> new Figures(0, 0, 0, kib);
      default -> Figures.NONE;
    };
  }
}
