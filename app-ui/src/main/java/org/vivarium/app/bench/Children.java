package org.vivarium.app.bench;

import java.io.File;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.vivarium.app.StartTime;
import org.vivarium.vmm.ExitHook;

/** Starts processes, and ends those that still run when this process ends, Ctrl-C included. */
public final class Children {
  /** Longer than many machines that start at once take on an emulated computer. */
  public static final Duration PATIENCE = Duration.ofSeconds(600);

  /** How long a process may run unless told: a guest that measures many rows takes minutes. */
  private static final Duration LONGEST = Duration.ofMinutes(30);

  private final Set<Process> running;
  private final Duration longest;
  private final List<String> prefix;

  /** Nothing runs yet. */
  public Children() {
    this(LONGEST);
  }

  /**
   * Nothing runs yet.
   *
   * @param longest a process that runs for longer is ended
   */
  public Children(Duration longest) {
    this(ConcurrentHashMap.newKeySet(), longest, List.of());
    ExitHook.add("bench end", this::kill);
  }

  private Children(Set<Process> running, Duration longest, List<String> prefix) {
    this.running = running;
    this.longest = longest;
    this.prefix = prefix;
  }

  /**
   * These, of which those that are started through the result run on some processors alone.
   *
   * @param processors their numbers as taskset(1) lists them; empty for any
   */
  public Children on(String processors) {
    return processors.isEmpty()
        ? this
        : new Children(running, longest, List.of("taskset", "-c", processors));
  }

  /** Ends those that run now. Any thread. */
  public void kill() {
    running.forEach(Process::destroyForcibly);
  }

  /**
   * Starts a process with an empty standard input, its output and errors piped to the caller.
   *
   * @throws BenchException if it cannot be started
   */
  public Child start(List<String> command) throws BenchException {
    return start(command, (_, _, _) -> {});
  }

  /**
   * As {@link #start(List)}, with somebody who hears the output.
   *
   * @throws BenchException if it cannot be started
   */
  public Child start(List<String> command, Child.Console console) throws BenchException {
    ProcessBuilder builder = builder(whole(command));
    builder.redirectInput(new File("/dev/null"));
    long started = System.nanoTime();
    return new Child(start(builder), started, console);
  }

  /**
   * As {@link #start(List, Child.Console)}, with an environment of its own.
   *
   * @throws BenchException if it cannot be started
   */
  public Child start(List<String> command, Map<String, String> environment, Child.Console console)
      throws BenchException {
    ProcessBuilder builder =
        new ProcessBuilder(whole(command)).redirectInput(new File("/dev/null"));
    builder.environment().clear();
    builder.environment().putAll(environment);
    long started = System.nanoTime();
    return new Child(start(builder), started, console);
  }

  private List<String> whole(List<String> command) {
    return Stream.concat(prefix.stream(), command.stream()).toList();
  }

  /** Starts a process as the caller set it up. */
  Process start(ProcessBuilder builder) throws BenchException {
    try {
      Process process = builder.start();
      running.add(process);
      process
          .onExit()
          .orTimeout(longest.toSeconds(), TimeUnit.SECONDS)
          .whenComplete(
              (_, late) -> {
                if (late != null) {
                  process.destroyForcibly();
                }
                running.remove(process);
              });
      return process;
    } catch (IOException e) {
      throw new BenchException(
          "%s cannot be started: %s.".formatted(builder.command().getFirst(), e.getMessage()), e);
    }
  }

  /** A process to be started, which takes its start time from itself and not from our launcher. */
  static ProcessBuilder builder(List<String> command) {
    ProcessBuilder builder = new ProcessBuilder(command);
    Map<String, String> environment = builder.environment();
    environment.remove(StartTime.VARIABLE);
    return builder;
  }
}
