package org.vivarium.app.lab;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.vivarium.app.bench.BenchException;
import org.vivarium.app.bench.Child;
import org.vivarium.app.bench.Children;

/** Runs programs that belong to the equipment, not to what is measured. */
final class Exec {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final Children children;

  Exec(Children children) {
    this.children = children;
  }

  /**
   * Runs a program to its end and returns what it printed.
   *
   * @throws BenchException with its last words, if it fails or does not end
   */
  String run(List<String> command) throws BenchException {
    return run(command, PATIENCE);
  }

  /**
   * As {@link #run(List)}, for what may take longer.
   *
   * @throws BenchException with its last words, if it fails or does not end
   */
  String run(List<String> command, Duration patience) throws BenchException {
    Capture capture = new Capture();
    try (Child child =
        children.start(command, (bytes, length, now) -> capture.took(bytes, 0, length, now))) {
      Optional<Child.End> end = ended(child, patience);
      if (end.isEmpty() || end.get().status() != 0) {
        child.heard();
        throw new BenchException(
            "%s %s failed.%s".formatted(command.getFirst(), verb(command), child.lastWords()));
      }
      return capture.text();
    }
  }

  /** Whoever interrupts must not keep the equipment from being taken down: noted, not obeyed. */
  private static Optional<Child.End> ended(Child child, Duration patience) {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return child.end(patience);
        } catch (InterruptedException _) {
          interrupted = true;
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static String verb(List<String> command) {
    return command.stream().skip(1).filter(word -> !word.startsWith("-")).findFirst().orElse("");
  }

  /** A command line as one would type it. */
  static String shown(List<String> command) {
    return command.stream().map(Exec::quoted).collect(Collectors.joining(" "));
  }

  private static String quoted(String word) {
    if (word.matches("[A-Za-z0-9_./:=,@%+-]+")) {
      return word;
    }
    // Within double quotes the shell looks for these, within single ones for nothing.
    return word.contains("'") && !word.matches("(?s).*[\"$`\\\\!].*")
        ? '"' + word + '"'
        : "'" + word.replace("'", "'\\''") + "'";
  }
}
