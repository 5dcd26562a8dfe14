package org.vivarium.app.bench.disk;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.vivarium.app.bench.BenchException;

/**
 * What the host's kernel counts of one process and its machine: KVM's counters in debugfs, and
 * system calls by a histogram of the tracing events. Neither stops the process; both need root and
 * the two file systems mounted.
 */
public final class KernelCounts {
  private static final Path KVM = Path.of("/sys/kernel/debug/kvm");
  private static final Path EVENT = Path.of("/sys/kernel/tracing/events/raw_syscalls/sys_enter");
  private static final int MOST = 5;
  private static final String TRIGGER = "hist:keys=common_pid,id.syscall:size=16384";

  private static final Pattern CALL =
      Pattern.compile(
          "\\{ common_pid: *([0-9]{1,9}), id: (\\S+) *\\[ *[0-9]+\\] *\\} hitcount:"
              + " *([0-9]{1,15})");

  /**
   * Counts between two moments.
   *
   * @param exits exits from the guest to the kernel
   * @param interrupts interrupts that KVM injected
   * @param systemCalls of all threads of the process, by name
   */
  public record Counts(long exits, long interrupts, Map<String, Long> systemCalls) {
    /** Copies what can change. */
    public Counts {
      systemCalls = Map.copyOf(systemCalls);
    }

    public long allSystemCalls() {
      return systemCalls.values().stream().mapToLong(Long::longValue).sum();
    }

    /** The counts divided by an amount, the most frequent calls by name, for people. */
    public String each(double amount) {
      String calls =
          systemCalls.entrySet().stream()
              .sorted(Map.Entry.<String, Long>comparingByValue().reversed())
              .limit(MOST)
              .map(
                  call ->
                      String.format(
                          Locale.ROOT, "%s %.2f", name(call.getKey()), call.getValue() / amount))
              .collect(Collectors.joining(", "));
      return String.format(
          Locale.ROOT,
          "%.2f exits, %.2f interrupts, %.2f system calls: %s",
          exits / amount,
          interrupts / amount,
          allSystemCalls() / amount,
          calls);
    }

    private static String name(String call) {
      return call.replaceFirst("^sys_", "");
    }
  }

  private final long pid;
  private final Path machine;
  private final long exits;
  private final long interrupts;

  private KernelCounts(long pid, Path machine) throws IOException {
    this.pid = pid;
    this.machine = machine;
    this.exits = counter(machine, "exits");
    this.interrupts = counter(machine, "irq_injections");
  }

  /** Whether this user can have counts here. */
  public static boolean areThere() {
    return Files.isReadable(KVM) && Files.isWritable(EVENT.resolve("trigger"));
  }

  /** Begins to count. */
  public static KernelCounts begin(long pid) throws BenchException {
    try {
      Optional<Path> machine = machine(pid);
      if (machine.isEmpty()) {
        throw new BenchException("KVM has no counters of process %d.".formatted(pid));
      }
      // A guest that died in the middle of a row has left one.
      forget();
      trigger(TRIGGER);
      return new KernelCounts(pid, machine.get());
    } catch (IOException e) {
      throw new BenchException("The kernel's counters cannot be read: " + e.getMessage(), e);
    }
  }

  /** Ends counting. */
  public Counts end() throws BenchException {
    try {
      long exitsNow = counter(machine, "exits");
      long interruptsNow = counter(machine, "irq_injections");
      String histogram = Files.readString(EVENT.resolve("hist"), StandardCharsets.US_ASCII);
      return new Counts(
          exitsNow - exits,
          interruptsNow - interrupts,
          calls(histogram, thread -> Files.exists(Path.of("/proc/" + pid + "/task/" + thread))));
    } catch (IOException e) {
      throw new BenchException("The kernel's counters cannot be read: " + e.getMessage(), e);
    } finally {
      forget();
    }
  }

  /** Takes the histogram away, whether there is one or not. */
  static void forget() {
    try {
      trigger("!" + TRIGGER);
    } catch (IOException _) {
      // The kernel has none: nothing is left behind.
      return;
    }
  }

  /** Tells which threads are of interest. */
  interface Threads {
    boolean has(String thread);
  }

  /** System calls of a process in a histogram, by name. */
  static Map<String, Long> calls(String histogram, Threads threads) {
    Map<String, Boolean> known = new HashMap<>();
    Map<String, Long> calls = new TreeMap<>();
    Matcher matcher = CALL.matcher(histogram);
    while (matcher.find()) {
      if (known.computeIfAbsent(matcher.group(1), threads::has)) {
        calls.merge(matcher.group(2), Long.parseLong(matcher.group(3)), Long::sum);
      }
    }
    return calls;
  }

  private static void trigger(String text) throws IOException {
    Files.writeString(EVENT.resolve("trigger"), text, StandardCharsets.US_ASCII);
  }

  private static long counter(Path machine, String name) throws IOException {
    return Long.parseLong(Files.readString(machine.resolve(name)).strip());
  }

  /** KVM names a machine's folder after the thread that made it. */
  private static Optional<Path> machine(long pid) throws IOException {
    try (DirectoryStream<Path> folders = Files.newDirectoryStream(KVM, "[0-9]*-[0-9]*")) {
      for (Path folder : folders) {
        String name = String.valueOf(folder.getFileName());
        String thread = name.substring(0, name.indexOf('-'));
        if (Files.exists(Path.of("/proc/" + pid + "/task/" + thread))) {
          return Optional.of(folder);
        }
      }
    }
    return Optional.empty();
  }
}
