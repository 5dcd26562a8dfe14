package org.vivarium.images.store;

import java.io.BufferedOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
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
    return ended(command, start(command, false), line);
  }

  /** Writes what a program reads. */
  @FunctionalInterface
  public interface Input {
    /** Writes it; the stream is closed afterwards. */
    void write(OutputStream out) throws IOException;
  }

  /**
   * Runs it to its end, and feeds it.
   *
   * @return its exit status; not 0 where it ended before it had read everything
   * @throws IOException if the input cannot be had
   * @throws ImageException as {@link #run}
   */
  public int feed(List<String> command, Input input) throws ImageException, IOException {
    Process process = start(command, true);
    boolean taken = false;
    try {
      BrokenPipe out = new BrokenPipe(process.getOutputStream());
      try (OutputStream buffered = new BufferedOutputStream(out, 1 << 16)) {
        input.write(buffered);
      }
      taken = true;
      int status = ended(command, process, _ -> {});
      return out.broken && status == 0 ? 1 : status;
    } finally {
      if (!taken) {
        end(process);
      }
    }
  }

  /** Takes what nobody reads any more: the program's exit status tells why. */
  private static final class BrokenPipe extends OutputStream {
    private final OutputStream pipe;
    private boolean broken;

    BrokenPipe(OutputStream pipe) {
      this.pipe = pipe;
    }

    @Override
    public void write(int b) {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) {
      try {
        if (!broken) {
          pipe.write(bytes, offset, length);
          pipe.flush();
        }
      } catch (IOException _) {
        broken = true;
      }
    }

    @Override
    public void close() {
      try {
        pipe.close();
      } catch (IOException _) {
        broken = true;
      }
    }
  }

  private Process start(List<String> command, boolean fed) throws ImageException {
    try {
      ProcessBuilder builder = new ProcessBuilder(command);
      builder.environment().merge("PATH", ADMIN, String::concat);
      builder.environment().put("LC_ALL", "C.UTF-8");
      builder.environment().put("DEBIAN_FRONTEND", "noninteractive");
      if (!fed) {
        builder.redirectInput(new File("/dev/null"));
      }
      builder.redirectErrorStream(true).redirectOutput(log.toFile());
      return builder.start();
    } catch (IOException e) {
      throw new ImageException("Cannot run %s.".formatted(command.getFirst()), e);
    }
  }

  private int ended(List<String> command, Process process, Consumer<String> line)
      throws ImageException {
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
