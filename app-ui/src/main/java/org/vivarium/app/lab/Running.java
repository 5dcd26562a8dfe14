package org.vivarium.app.lab;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.function.Supplier;
import org.vivarium.app.bench.BenchException;
import org.vivarium.app.bench.Child;

/** A workload that was started on some side. Belongs to one thread. */
final class Running implements AutoCloseable {
  /** How the workload is stopped at once. */
  @FunctionalInterface
  interface Stopper {
    void stop(Child child) throws BenchException;
  }

  /** As often as is looked whether a workload that prints nothing has ended. */
  private static final Duration LOOK = Duration.ofMillis(200);

  private final Child child;
  private final Capture capture;
  private final String command;
  private final Stopper stopper;
  private final Supplier<OptionalInt> status;

  /**
   * @param command what was started, for people
   * @param status the workload's own status, when the child has ended with 0
   */
  Running(
      Child child, Capture capture, String command, Stopper stopper, Supplier<OptionalInt> status) {
    this.child = child;
    this.capture = capture;
    this.command = command;
    this.stopper = stopper;
    this.status = status;
  }

  Child child() {
    return child;
  }

  Capture capture() {
    return capture;
  }

  String command() {
    return command;
  }

  /**
   * Waits for the first output.
   *
   * @return nanoseconds since the start
   * @throws BenchException if the workload ends first, or is silent for too long
   */
  long firstOutput(Duration patience) throws BenchException, InterruptedException {
    long end = System.nanoTime() + patience.toNanos();
    while (System.nanoTime() - end < 0) {
      OptionalLong first = capture.first(LOOK);
      if (first.isPresent()) {
        return first.getAsLong() - child.started();
      }
      if (!child.isAlive() && capture.first(LOOK).isEmpty()) {
        child.heard();
        throw new BenchException("The workload ended before it printed anything." + lastWords());
      }
    }
    child.heard();
    throw new BenchException(
        "The workload printed nothing for %d s; choose a command that prints when it is ready.%s"
            .formatted(patience.toSeconds(), lastWords()));
  }

  /**
   * Waits for the end.
   *
   * @return nanoseconds since the start
   * @throws BenchException if the workload goes on for too long or fails
   */
  long end(Duration patience) throws BenchException, InterruptedException {
    Optional<Child.End> end = child.end(patience);
    if (end.isEmpty()) {
      throw new BenchException(
          "The command did not end within %d s.".formatted(patience.toSeconds()));
    }
    int code = end.get().status();
    OptionalInt own = status.get();
    if (code != 0 || own.orElse(-1) != 0) {
      child.heard();
      throw new BenchException(
          "The command ended with status %d.%s"
              .formatted(own.isPresent() && code == 0 ? own.getAsInt() : code, lastWords()));
    }
    return end.get().nanoTime() - child.started();
  }

  /** Stops the workload at once, and returns how many nanoseconds passed until it was gone. */
  long stop() throws BenchException, InterruptedException {
    long ordered = System.nanoTime();
    stopper.stop(child);
    Optional<Child.End> end = child.end(Duration.ofSeconds(60));
    return end.orElseThrow(() -> new BenchException("It did not end when it was told to."))
            .nanoTime()
        - ordered;
  }

  /** Orders the stop; what has just ended by itself need not take the order. */
  private void order() throws BenchException {
    try {
      stopper.stop(child);
    } catch (BenchException e) {
      child.awaitEnd(Duration.ofSeconds(2));
      if (child.isAlive()) {
        throw e;
      }
    }
  }

  private String lastWords() {
    List<String> said =
        child
            .lastWords()
            .lines()
            .map(String::strip)
            // A Java process that fails ends with where, which says less than the line before it.
            .filter(line -> !line.isEmpty() && !line.startsWith("at ") && !line.startsWith("..."))
            .toList();
    return said.isEmpty() ? "" : " " + said.getLast();
  }

  @Override
  public void close() throws BenchException {
    if (child.isAlive()) {
      try {
        order();
        child.awaitEnd(Duration.ofSeconds(20));
      } finally {
        child.close();
      }
    }
  }
}
