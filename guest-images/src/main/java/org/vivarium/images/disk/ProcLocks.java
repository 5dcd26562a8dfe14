package org.vivarium.images.disk;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What /proc tells about locks and open files; silent where it tells nothing. */
final class ProcLocks {
  private ProcLocks() {}

  /** Whether a byte of the file is locked by anybody whom /proc/locks shows. */
  static boolean isLocked(Path file, long position) throws IOException {
    long dev = (Long) Files.getAttribute(file, "unix:dev");
    long inode = (Long) Files.getAttribute(file, "unix:ino");
    long major = ((dev >>> 8) & 0xFFF) | ((dev >>> 32) & ~0xFFFL);
    long minor = (dev & 0xFF) | ((dev >>> 12) & ~0xFFL);
    String id = "%02x:%02x:%d".formatted(major, minor & 0xFFFFFFFFL, inode);
    List<String> lines;
    try {
      lines = Files.readAllLines(Path.of("/proc/locks"), StandardCharsets.US_ASCII);
    } catch (IOException e) {
      return false;
    }
    return lines.stream().anyMatch(line -> covers(line.trim().split("\\s+"), id, position));
  }

  /** A line: number, kind, ADVISORY, READ or WRITE, pid, device:inode, first, last or EOF. */
  private static boolean covers(String[] fields, String id, long position) {
    if (fields.length != 8 || !fields[5].equals(id) || fields[1].equals("FLOCK")) {
      return false;
    }
    long last = fields[7].equals("EOF") ? Long.MAX_VALUE : Long.parseLong(fields[7]);
    return Long.parseLong(fields[6]) <= position && position <= last;
  }

  /** Another process that has the file open, such as "process 4711 (qemu-img)", or null. */
  static @Nullable String holderOf(Path file) {
    try {
      Path real = file.toRealPath();
      long self = ProcessHandle.current().pid();
      try (DirectoryStream<Path> processes = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
        for (Path process : processes) {
          String pid = String.valueOf(process.getFileName());
          if (!pid.equals(Long.toString(self)) && hasOpen(process, real)) {
            return "process " + pid + " (" + nameOf(process) + ")";
          }
        }
      }
    } catch (IOException | UncheckedIOException | SecurityException e) {
      return null;
    }
    return null;
  }

  private static String nameOf(Path process) {
    try {
      return Files.readString(process.resolve("comm"), StandardCharsets.UTF_8).trim();
    } catch (IOException e) {
      return "ended meanwhile";
    }
  }

  private static boolean hasOpen(Path process, Path real) {
    try (DirectoryStream<Path> fds = Files.newDirectoryStream(process.resolve("fd"))) {
      for (Path fd : fds) {
        if (Files.readSymbolicLink(fd).equals(real)) {
          return true;
        }
      }
      return false;
    } catch (IOException | java.nio.file.DirectoryIteratorException e) {
      // Another user's process, or one that ended meanwhile.
      return false;
    }
  }
}
