package org.vivarium.images.store;

import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.vivarium.images.ImageException;

/**
 * Runs a program of this computer, its output in a file.
 *
 * @param log where its output goes, replaced
 * @param seconds what it may take at most
 */
public record Tool(Path log, long seconds) {
  private static final int TAIL = 2000;

  /** Programs for the administrator, which a plain user's PATH often lacks. */
  private static final String ADMIN = ":/usr/local/sbin:/usr/sbin:/sbin";

  /** Finds a program on the PATH or among the administrator's. */
  public static Optional<Path> find(String name, Map<String, String> environment) {
    String path = environment.getOrDefault("PATH", "/usr/bin:/bin") + ADMIN;
    return Stream.of(path.split(File.pathSeparator, -1))
        .filter(folder -> !folder.isEmpty())
        .map(folder -> Path.of(folder, name))
        .filter(Files::isExecutable)
        .findFirst();
  }

  /**
   * Runs it to its end. An interrupt ends the program and those it started.
   *
   * @param command the program and its arguments
   * @param line hears the last line of its output, a few times a second
   * @return its exit status
   * @throws ImageException if it cannot be started, is not done in time, or was interrupted
   */
  public int run(List<String> command, Consumer<String> line) throws ImageException {
    Process process;
    try {
      ProcessBuilder builder = new ProcessBuilder(command);
      builder.environment().merge("PATH", ADMIN, String::concat);
      builder.environment().put("LC_ALL", "C.UTF-8");
      builder.environment().put("DEBIAN_FRONTEND", "noninteractive");
      builder.redirectInput(new File("/dev/null"));
      builder.redirectErrorStream(true).redirectOutput(log.toFile());
      process = builder.start();
    } catch (IOException e) {
      throw new ImageException("Cannot run %s.".formatted(command.getFirst()), e);
    }
    try {
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
      while (!process.waitFor(200, TimeUnit.MILLISECONDS)) {
        lastLine().ifPresent(line);
        if (System.nanoTime() - end > 0) {
          throw new ImageException(
              "%s was not done within %d seconds.".formatted(command.getFirst(), seconds));
        }
      }
      return process.exitValue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ImageException("%s was ended.".formatted(command.getFirst()), e);
    } finally {
      end(process);
    }
  }

  /** Ends the program if it still runs: kindly first, so that it takes away what it made. */
  private static void end(Process process) {
    if (!process.isAlive()) {
      return;
    }
    List<ProcessHandle> all =
        Stream.concat(Stream.of(process.toHandle()), process.descendants()).toList();
    all.forEach(ProcessHandle::destroy);
    boolean interrupted = Thread.interrupted();
    try {
      process.waitFor(10, TimeUnit.SECONDS);
    } catch (InterruptedException _) {
      interrupted = true;
    }
    all.forEach(ProcessHandle::destroyForcibly);
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private Optional<String> lastLine() {
    return tail().lines().map(String::strip).filter(text -> !text.isEmpty()).reduce((_, b) -> b);
  }

  /** Returns the end of what the program said so far. */
  public String tail() {
    try (RandomAccessFile file = new RandomAccessFile(log.toFile(), "r")) {
      file.seek(Math.max(0, file.length() - TAIL));
      byte[] bytes = new byte[TAIL];
      int n = Math.max(0, file.read(bytes));
      return new String(bytes, 0, n, StandardCharsets.UTF_8);
    } catch (IOException _) {
      // Only people read this, and the exit status says that something failed.
      return "";
    }
  }
}
