package org.vivarium.vmm.process;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.vivarium.vmm.client.MetricSample.VcpuTime;

/**
 * Processor time of a process that runs a guest's processors, from {@code /proc/PID/stat} and
 * {@code /proc/PID/task/TID/stat} (proc(5)), in nanoseconds; the kernel counts in steps of 10 ms.
 *
 * <p>Our own vCPU threads are named {@code ...vcpuN}, and the kernel says how much of their time
 * was the guest's (guest_time). QEMU's emulating threads are named {@code CPU N/TCG}; all of their
 * time counts as the guest's. Used by one thread.
 */
final class ProcessTimes {
  /** Times of a process. */
  record Times(List<VcpuTime> vcpus, long totalNanos) {}

  /** USER_HZ is 100 on x86-64, whatever the kernel's own clock. */
  private static final long NANOS_PER_TICK = 10_000_000;

  private static final Pattern OURS = Pattern.compile("(?s).*vcpu(\\d{1,3})");
  private static final Pattern EMULATING = Pattern.compile("CPU (\\d{1,3})/TCG");

  // Fields of stat counted from the one after the name, which is field 3 in proc(5).
  private static final int UTIME = 14 - 3;
  private static final int STIME = 15 - 3;
  private static final int GUEST_TIME = 43 - 3;

  private final Path process;
  private final int cpus;
  private final Map<Integer, Path> threads = new TreeMap<>();
  private boolean emulated;

  /**
   * @param process its folder in /proc
   * @param cpus virtual processors of the machine
   */
  ProcessTimes(Path process, int cpus) {
    this.process = process;
    this.cpus = cpus;
  }

  /**
   * Reads.
   *
   * @throws IOException if the process has gone
   */
  Times read() throws IOException {
    if (threads.size() < cpus) {
      find();
    }
    List<VcpuTime> vcpus = new ArrayList<>(threads.size());
    for (Path stat : threads.values()) {
      long[] fields = fields(stat);
      long all = fields[UTIME] + fields[STIME];
      long guest = emulated ? all : Math.min(fields[GUEST_TIME], all);
      vcpus.add(new VcpuTime(guest * NANOS_PER_TICK, (all - guest) * NANOS_PER_TICK));
    }
    long[] total = fields(process.resolve("stat"));
    return new Times(List.copyOf(vcpus), (total[UTIME] + total[STIME]) * NANOS_PER_TICK);
  }

  private void find() throws IOException {
    try (DirectoryStream<Path> tasks = Files.newDirectoryStream(process.resolve("task"))) {
      for (Path task : tasks) {
        index(task).ifPresent(index -> threads.put(index, task.resolve("stat")));
      }
    }
  }

  private Optional<Integer> index(Path task) {
    String name;
    try {
      name = Files.readString(task.resolve("comm"), StandardCharsets.ISO_8859_1).strip();
    } catch (IOException _) {
      return Optional.empty(); // It ended meanwhile.
    }
    Matcher ours = OURS.matcher(name);
    Matcher emulating = EMULATING.matcher(name);
    if (emulating.matches()) {
      emulated = true;
      return Optional.of(Integer.parseInt(emulating.group(1)));
    }
    return ours.matches() ? Optional.of(Integer.parseInt(ours.group(1))) : Optional.empty();
  }

  /** The numbers after the name, which may itself hold spaces and parentheses. */
  private static long[] fields(Path stat) throws IOException {
    String line = Files.readString(stat, StandardCharsets.ISO_8859_1);
    String[] words = line.substring(line.lastIndexOf(')') + 1).strip().split(" ");
    long[] fields = new long[GUEST_TIME + 1];
    if (words.length < fields.length) {
      throw new IOException(stat + " has fewer fields than expected");
    }
    for (int field : new int[] {UTIME, STIME, GUEST_TIME}) {
      fields[field] = Long.parseLong(words[field]);
    }
    return fields;
  }
}
