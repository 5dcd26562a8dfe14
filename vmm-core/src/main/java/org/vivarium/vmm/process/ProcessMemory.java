package org.vivarium.vmm.process;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.vivarium.vmm.arch.X86Layout;

/**
 * What a process costs the host in memory (PSS), from {@code /proc/PID/smaps} (proc(5)).
 *
 * @param guestRam the guest's RAM, bytes: the writable mappings that have its size, or that of its
 *     part below or above 4 GiB
 * @param rest everything else, bytes
 */
record ProcessMemory(long guestRam, long rest) {
  private static final String PSS = "Pss:";
  private static final long KIB = 1 << 10;

  /**
   * Reads.
   *
   * @param process its folder in /proc
   * @param memoryBytes the guest's RAM; 0 if this process has none of it
   */
  static ProcessMemory read(Path process, long memoryBytes) throws IOException {
    Set<Long> sizes =
        memoryBytes > X86Layout.LOW_RAM_MAX
            ? Set.of(memoryBytes, X86Layout.LOW_RAM_MAX, memoryBytes - X86Layout.LOW_RAM_MAX)
            : Set.of(memoryBytes);
    long guest = 0;
    long rest = 0;
    boolean ofGuest = false;
    try (BufferedReader lines =
        Files.newBufferedReader(process.resolve("smaps"), StandardCharsets.ISO_8859_1)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.startsWith(PSS)) {
          long bytes = Long.parseLong(line.replaceAll("[^0-9]", "")) * KIB;
          guest += ofGuest ? bytes : 0;
          rest += ofGuest ? 0 : bytes;
        } else if (Character.digit(line.charAt(0), 16) >= 0 && line.indexOf('-') > 0) {
          ofGuest = line.contains(" rw") && sizes.contains(size(line));
        }
      }
    }
    return new ProcessMemory(guest, rest);
  }

  private static long size(String mapping) {
    int dash = mapping.indexOf('-');
    int space = mapping.indexOf(' ');
    return Long.parseUnsignedLong(mapping, dash + 1, space, 16)
        - Long.parseUnsignedLong(mapping, 0, dash, 16);
  }

  ProcessMemory plus(ProcessMemory other) {
    return new ProcessMemory(guestRam + other.guestRam, rest + other.rest);
  }
}
