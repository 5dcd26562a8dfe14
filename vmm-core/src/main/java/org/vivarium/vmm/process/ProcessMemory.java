package org.vivarium.vmm.process;

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
    return parse(Files.readString(process.resolve("smaps"), StandardCharsets.ISO_8859_1), sizes);
  }

  /** By plain string operations: some thousand lines are read every few seconds. */
  static ProcessMemory parse(String smaps, Set<Long> guestSizes) {
    long guest = 0;
    long rest = 0;
    boolean ofGuest = false;
    int next;
    for (int at = 0; at < smaps.length(); at = next) {
      int end = smaps.indexOf('\n', at);
      next = end < 0 ? smaps.length() : end + 1;
      if (smaps.startsWith(PSS, at)) {
        long bytes = number(smaps, at + PSS.length()) * KIB;
        guest += ofGuest ? bytes : 0;
        rest += ofGuest ? 0 : bytes;
      } else if (Character.isDigit(smaps.charAt(at)) || Character.isLowerCase(smaps.charAt(at))) {
        // A mapping's first line begins with a hexadecimal digit, its fields with a capital.
        String mapping = smaps.substring(at, next);
        ofGuest = mapping.contains(" rw") && guestSizes.contains(size(mapping));
      }
    }
    return new ProcessMemory(guest, rest);
  }

  private static long number(String text, int from) {
    int at = from;
    while (text.charAt(at) == ' ') {
      at++;
    }
    long number = 0;
    for (; Character.isDigit(text.charAt(at)); at++) {
      number = 10 * number + text.charAt(at) - '0';
    }
    return number;
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
