package org.vivarium.devices.virtio.vsock;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.vivarium.devices.virtio.transport.IoLoop;
import org.vivarium.devices.virtio.transport.RateLimitedLog;
import org.vivarium.kvm.Epoll;
import org.vivarium.kvm.Errno;
import org.vivarium.kvm.KvmException;
import org.vivarium.kvm.NativeBuffer;
import org.vivarium.kvm.UnixSocket;

/**
 * Accepts programs of the host and reads which port of the guest each wants. On the I/O loop.
 *
 * <p>Who says something else, or more than a line, is cut off; so is everybody while there is no
 * driver, and who comes when too many wait.
 */
final class VsockListener {
  /** Takes a program that has said what it wants. */
  interface Target {
    /** The socket belongs to the target from now on. */
    void connect(UnixSocket socket, int guestPort);
  }

  private static final int BACKLOG = 64;
  private static final int MAX_WAITING = 64;
  private static final int MAX_LINE = 24;
  private static final long LARGEST_PORT = 0xFFFF_FFFFL;
  private static final Pattern COMMAND = Pattern.compile("(?i)CONNECT (\\d{1,10})");

  private final Path path;
  private final IoLoop loop;
  private final RateLimitedLog log;
  private final UnixSocket socket;
  private final List<Greeting> greetings = new ArrayList<>();
  private final NativeBuffer one = new NativeBuffer(1);
  private @Nullable Target target;
  private IoLoop.@Nullable Watch watch;

  /** A program that has not yet said what it wants. */
  private final class Greeting {
    private final UnixSocket program;
    private final IoLoop.Watch programWatch;
    private final StringBuilder line = new StringBuilder();

    Greeting(UnixSocket program) {
      this.program = program;
      this.programWatch = loop.watch(program, Epoll.IN, this::read);
    }

    /** A byte at a time, so that what follows the line stays the guest's. */
    void read() {
      try {
        while (line.length() <= MAX_LINE) {
          long n = program.read(one, 0, 1);
          if (n == UnixSocket.WOULD_BLOCK) {
            return;
          }
          if (n != 1) {
            break;
          }
          byte next = one.bytes().get(0);
          if (next == '\n') {
            finish(port(line.toString()));
            return;
          }
          line.append((char) (next & 0x7F));
        }
      } catch (KvmException e) {
        log.report(e.getMessage());
      }
      finish(-1);
    }

    private void finish(long port) {
      greetings.remove(this);
      programWatch.cancel();
      Target to = target;
      if (port < 0 || to == null) {
        program.close();
      } else {
        to.connect(program, (int) port);
      }
    }
  }

  private VsockListener(Path path, IoLoop loop, RateLimitedLog log, UnixSocket socket) {
    this.path = path;
    this.loop = loop;
    this.log = log;
    this.socket = socket;
    loop.execute(() -> watch = loop.watch(socket, Epoll.IN, this::accept));
  }

  /**
   * Begins to listen. A socket that a process left there when it died is replaced.
   *
   * @throws IOException if somebody listens there, or the folder does not take a socket
   */
  static VsockListener open(Path path, IoLoop loop, RateLimitedLog log) throws IOException {
    if (isListening(path)) {
      throw new IOException("Cannot listen at " + path + ": another process does already.");
    }
    UnixSocket.deleteStale(path);
    return new VsockListener(path, loop, log, UnixSocket.listen(path, BACKLOG));
  }

  private static boolean isListening(Path path) throws KvmException {
    try {
      UnixSocket.connect(path).close();
      return true;
    } catch (KvmException e) {
      if (e.errno() == Errno.ENOENT || e.errno() == Errno.ECONNREFUSED) {
        return false;
      }
      throw e;
    }
  }

  private static long port(String line) {
    Matcher matcher = COMMAND.matcher(line);
    long port = matcher.matches() ? Long.parseLong(matcher.group(1)) : -1;
    return port > LARGEST_PORT ? -1 : port;
  }

  /** Where programs go from now on; null: they are cut off. */
  void setTarget(@Nullable Target newTarget) {
    target = newTarget;
  }

  private void accept() {
    try {
      for (UnixSocket next = socket.accept(); next != null; next = socket.accept()) {
        if (target == null || greetings.size() == MAX_WAITING) {
          next.close();
        } else {
          Greeting greeting = new Greeting(next);
          greetings.add(greeting);
          greeting.read();
        }
      }
    } catch (KvmException e) {
      log.report(e.getMessage());
    }
  }

  /** Stops listening and deletes the socket. */
  void close() {
    target = null;
    if (watch != null) {
      watch.cancel();
      watch = null;
    }
    List.copyOf(greetings).forEach(greeting -> greeting.finish(-1));
    try {
      Files.deleteIfExists(path);
    } catch (IOException e) {
      log.report("Cannot delete " + path + ": " + e.getMessage());
    }
    socket.close();
  }
}
