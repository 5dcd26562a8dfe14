package org.vivarium.app.lab;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.vivarium.app.bench.BenchException;
import org.vivarium.app.bench.Child;
import org.vivarium.app.doctor.Host;

/** Counts the system calls of processes from outside, by strace(1). Belongs to one thread. */
final class Tracer {
  /** A line of the summary: share, seconds, microseconds a call, calls, errors if any, name. */
  private static final Pattern LINE =
      Pattern.compile("\\s*[0-9.]+\\s+[0-9.]+\\s+[0-9]+\\s+([0-9]{1,15})\\s+(?:[0-9]+\\s+)?(\\w+)");

  private static final Pattern FOLLOWED =
      Pattern.compile("strace: Process [0-9]+ (attached|detached).*");

  private final Equipment equipment;
  private final String strace;
  private final Path summary;
  private final Duration patience;

  /** How the last one ended. */
  private String end = "";

  private Tracer(Equipment equipment, String strace, Path summary, Duration patience) {
    this.equipment = equipment;
    this.strace = strace;
    this.summary = summary;
    this.patience = patience;
  }

  /**
   * Looks for the program.
   *
   * @param patience how long what is traced may take
   * @throws BenchException if it is not there
   */
  static Tracer open(Equipment equipment, Scratch scratch, Duration patience)
      throws BenchException {
    Host host = equipment.host();
    String strace =
        host.program("strace")
            .orElseThrow(
                () ->
                    new BenchException(
                        "The host's system calls are not counted: install the package strace."));
    return new Tracer(equipment, strace, scratch.folder("trace").resolve("summary"), patience);
  }

  /** The command that looks at a running process and all that it starts. */
  List<String> command(String pid) {
    return List.of(strace, "-f", "-c", "-o", summary.toString(), "-p", pid);
  }

  /** Begins to look at a process; returns when it is being looked at. */
  Child attach(long pid) throws BenchException, InterruptedException {
    Child child = equipment.children().start(command(Long.toString(pid)));
    child.await(strace + ": Process");
    return child;
  }

  /** Waits until what is being looked at has ended. */
  void await(Child tracing) throws BenchException, InterruptedException {
    Optional<Child.End> ended = tracing.end(patience);
    if (ended.isEmpty()) {
      throw new BenchException(
          "What was traced did not end within %d s.".formatted(patience.toSeconds()));
    }
    tracing.heard();
    end = " It ended with status %d.".formatted(ended.get().status()) + words(tracing.lastWords());
  }

  /** What it said beside whom it followed. */
  private static String words(String said) {
    String words =
        said.lines()
            .map(line -> line.replaceFirst("^ It said: ", ""))
            .filter(line -> !FOLLOWED.matcher(line).matches())
            .collect(Collectors.joining(" "));
    return words.isEmpty() ? "" : " It said: " + words;
  }

  /** How often each system call was made, by name. */
  Map<String, Long> calls() throws BenchException {
    Map<String, Long> calls;
    try {
      calls = read(Files.readAllLines(summary));
    } catch (IOException e) {
      throw new BenchException("What strace counted cannot be read.", e);
    }
    if (calls.isEmpty()) {
      throw new BenchException("The tracer was refused or saw no system call." + end);
    }
    return calls;
  }

  /** Reads a summary of strace. */
  static Map<String, Long> read(List<String> lines) {
    Map<String, Long> calls = new TreeMap<>();
    for (String line : lines) {
      Matcher call = LINE.matcher(line);
      if (call.matches() && !call.group(2).equals("total")) {
        calls.put(call.group(2), Long.parseLong(call.group(1)));
      }
    }
    return calls;
  }
}
