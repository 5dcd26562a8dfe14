package org.vivarium.devices.virtio.net;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.vivarium.kvm.Errno;
import org.vivarium.kvm.KvmException;
import org.vivarium.kvm.UnixSocket;

/**
 * One run of passt and the connection to it. It ends when the connection does (its option {@code
 * -1}), so that nothing of it outlives this process.
 */
public final class PasstProcess {
  private static final File NOTHING = new File("/dev/null");
  private static final long RETRY_MILLIS = 2;
  private static final long PATIENCE_NANOS = 10_000_000_000L;

  /** What passt says at every start, and where there is no system log. */
  private static final Pattern CHATTER =
      Pattern.compile(
          "\\s*|\\s.*|Failed to send .*|UNIX domain socket .*|You can now .*|or qrap.*|Don't run.*");

  private static final int TAIL_BYTES = 4096;

  /** What a shell says of a program that is not there. */
  private static final int NOT_FOUND = 127;

  private final Process process;
  private final UnixSocket socket;

  private PasstProcess(Process process, UnixSocket socket) {
    this.process = process;
    this.socket = socket;
  }

  /**
   * Starts passt and connects to it; blocks until then.
   *
   * @throws IOException a sentence that says why passt does not run
   */
  static PasstProcess launch(PasstOptions options) throws IOException, InterruptedException {
    UnixSocket.deleteStale(options.socket());
    List<String> command = options.command(isRoot());
    Process process;
    try {
      process =
          new ProcessBuilder(command)
              .redirectInput(Redirect.from(NOTHING))
              .redirectOutput(Redirect.DISCARD)
              .start();
    } catch (IOException e) {
      throw new IOException(missing(options), e);
    }
    return connect(process, options);
  }

  private static String missing(PasstOptions options) {
    return "Cannot start "
        + options.executable()
        + " for the user network; install the package passt or choose another network.";
  }

  /**
   * Connects to a passt that was started.
   *
   * @throws IOException a sentence that says why that is not possible; passt is ended then
   */
  static PasstProcess connect(Process process, PasstOptions options)
      throws IOException, InterruptedException {
    try {
      return new PasstProcess(process, await(process, options));
    } catch (IOException | InterruptedException e) {
      process.destroyForcibly();
      throw e;
    }
  }

  static boolean isRoot() {
    return "root".equals(System.getProperty("user.name"));
  }

  private static UnixSocket await(Process process, PasstOptions options)
      throws IOException, InterruptedException {
    long start = System.nanoTime();
    while (true) {
      try {
        return UnixSocket.connect(options.socket());
      } catch (KvmException e) {
        boolean notYet = e.errno() == Errno.ENOENT || e.errno() == Errno.ECONNREFUSED;
        if (!notYet || System.nanoTime() - start > PATIENCE_NANOS) {
          throw new IOException("Cannot reach passt: " + e.getMessage(), e);
        }
      }
      // Waits for the socket, unless passt ends before it is there.
      if (process.waitFor(RETRY_MILLIS, TimeUnit.MILLISECONDS)) {
        throw new IOException(
            process.exitValue() == NOT_FOUND
                ? missing(options)
                : "Cannot start the user network: " + lastWords(process));
      }
    }
  }

  /** The connection; whoever takes it closes it. */
  UnixSocket socket() {
    return socket;
  }

  /** Process identifier; empty if it is no child of this process. */
  OptionalLong pid() {
    return process instanceof BrokeredPasst ? OptionalLong.empty() : OptionalLong.of(process.pid());
  }

  /** Waits for the end of passt and says how it ended, in a sentence. */
  String awaitEnd() throws InterruptedException {
    return lastWords(process);
  }

  /** Ends passt at once, if it is a child of this process. Any thread. */
  void kill() {
    process.destroyForcibly();
  }

  private static String lastWords(Process process) throws InterruptedException {
    String last = "";
    try (InputStream errors = process.getErrorStream()) {
      String tail = readTail(errors);
      for (String line : tail.split("\n", -1)) {
        if (!CHATTER.matcher(line).matches()) {
          last = line.strip();
        }
      }
    } catch (IOException | UncheckedIOException e) {
      last = String.valueOf(e.getMessage());
    }
    int status = process.waitFor();
    return "Passt ended with status " + status + (last.isEmpty() ? "." : ": " + last + ".");
  }

  /** The last bytes until the end of a stream, whose writer is never held up. */
  private static String readTail(InputStream in) throws IOException {
    byte[] tail = new byte[2 * TAIL_BYTES];
    int length = 0;
    for (int n = in.read(tail); n >= 0; n = in.read(tail, length, tail.length - length)) {
      length += n;
      if (length > TAIL_BYTES) {
        System.arraycopy(tail, length - TAIL_BYTES, tail, 0, TAIL_BYTES);
        length = TAIL_BYTES;
      }
    }
    return new String(tail, 0, length, StandardCharsets.UTF_8);
  }
}
