package org.vivarium.vmm.process;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
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
 * time counts as the guest's. Used by one thread, which closes it.
 */
final class ProcessTimes implements AutoCloseable {
  /** Times of a process. */
  record Times(List<VcpuTime> vcpus, long totalNanos) {}

  private static final Pattern OURS = Pattern.compile("(?s).*vcpu(\\d{1,3})");
  private static final Pattern EMULATING = Pattern.compile("CPU (\\d{1,3})/TCG");

  private final Path process;
  private final int cpus;
  private final StatFile all;
  private final Map<Integer, StatFile> threads = new TreeMap<>();
  private final Map<Integer, VcpuTime> ended = new TreeMap<>();
  private boolean emulated;

  /**
   * @param process its folder in /proc
   * @param cpus virtual processors of the machine
   */
  ProcessTimes(Path process, int cpus) {
    this.process = process;
    this.cpus = cpus;
    this.all = new StatFile(process.resolve("stat"));
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
    threads.entrySet().removeIf(entry -> hasEnded(entry.getKey(), entry.getValue()));
    all.read();
    Map<Integer, VcpuTime> vcpus = new TreeMap<>(ended);
    threads.forEach((index, thread) -> vcpus.merge(index, time(thread), ProcessTimes::sum));
    return new Times(List.copyOf(vcpus.values()), all.totalNanos());
  }

  /** Whether a thread is gone, as all are when a machine restarts; what it had used is kept. */
  private boolean hasEnded(int index, StatFile thread) {
    try {
      thread.read();
      return false;
    } catch (IOException _) {
      ended.merge(index, time(thread), ProcessTimes::sum);
      thread.close();
      return true;
    }
  }

  private VcpuTime time(StatFile thread) {
    long guest = emulated ? thread.totalNanos() : thread.guestNanos();
    return new VcpuTime(guest, thread.totalNanos() - guest);
  }

  private static VcpuTime sum(VcpuTime one, VcpuTime other) {
    return new VcpuTime(one.guestNanos() + other.guestNanos(), one.vmmNanos() + other.vmmNanos());
  }

  private void find() throws IOException {
    try (DirectoryStream<Path> tasks = Files.newDirectoryStream(process.resolve("task"))) {
      for (Path task : tasks) {
        index(task)
            .ifPresent(
                index -> threads.computeIfAbsent(index, _ -> new StatFile(task.resolve("stat"))));
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

  @Override
  public void close() {
    all.close();
    threads.values().forEach(StatFile::close);
  }
}
