package org.vivarium.devices.virtio.net;

import java.io.IOException;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.vivarium.kvm.UnixSocket;

/**
 * Keeps one passt running: a thread waits for its end and starts the next, after a pause that grows
 * while it keeps failing. Lock order: a restart's lock, then this object's.
 */
final class PasstSupervisor {
  /** What passt is connected to. Any thread. */
  interface Plug {
    /** There is a new connection, which belongs to the plug from now on. */
    void attach(UnixSocket socket);

    /** The connection's passt has ended. */
    void detach();

    /** {@link PasstSupervisor#isUp} has changed. */
    void carrierChanged();

    /** What was wrong with the connection that was lost, if it was that; answers once. */
    @Nullable String complaint();
  }

  private static final long FIRST_PAUSE_MILLIS = 100;
  private static final long LONGEST_PAUSE_MILLIS = 10_000;

  /** A passt that ran so long did not fail at its start. */
  private static final long STABLE_NANOS = 10_000_000_000L;

  private final Plug plug;
  private final PasstStarter starter;
  private final PasstBackend.Listener listener;
  private final Object restart = new Object();
  private final Thread watcher;
  private volatile @Nullable PasstProcess process;
  private volatile boolean up;
  private PasstOptions options;
  private @Nullable PasstOptions wanted;
  private @Nullable IOException refusal;
  private boolean closed;

  /**
   * @param name of the card, for the thread
   * @param options what the first passt is started with
   * @param starter starts each
   */
  PasstSupervisor(
      String name,
      PasstOptions options,
      PasstStarter starter,
      Plug plug,
      PasstBackend.Listener listener) {
    this.options = options;
    this.starter = starter;
    this.plug = plug;
    this.listener = listener;
    this.watcher = Thread.ofPlatform().name(name + "-passt").daemon().unstarted(this::watch);
  }

  /** Begins to watch. */
  void start(PasstProcess first) {
    adopt(first);
    watcher.start();
  }

  /** Whether passt runs. */
  boolean isUp() {
    return up;
  }

  /**
   * Replaces the forwarded ports: passt is started anew, and connections through it end. Blocks for
   * that. If the new ports cannot be had, the old ones are forwarded again.
   *
   * @throws IOException a sentence that says why
   */
  void setForwards(List<PasstForward> forwards) throws IOException, InterruptedException {
    synchronized (restart) {
      synchronized (this) {
        if (closed) {
          throw new IOException("The user network has been closed.");
        }
        wanted = options.withForwards(forwards);
        refusal = null;
        kill();
        notifyAll();
        while (wanted != null && !closed) {
          wait();
        }
        if (refusal != null) {
          throw refusal;
        }
        if (wanted != null) {
          throw new IOException("The user network has been closed.");
        }
      }
    }
  }

  /** Passt's process identifier; empty while it is down. */
  OptionalLong pid() {
    PasstProcess running = process;
    return up && running != null ? running.pid() : OptionalLong.empty();
  }

  /** Ends passt, and waits for the watching thread. */
  void close() {
    synchronized (this) {
      closed = true;
      kill();
      notifyAll();
    }
    boolean interrupted = false;
    while (watcher.isAlive()) {
      try {
        watcher.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Ends the passt that runs now; another follows. Any thread. */
  void kill() {
    PasstProcess running = process;
    if (running != null) {
      running.kill();
      // Ends a passt that is not a child of this process.
      plug.detach();
    }
  }

  private void adopt(PasstProcess fresh) {
    process = fresh;
    up = true;
    plug.attach(fresh.socket());
  }

  private void watch() {
    long pause = FIRST_PAUSE_MILLIS;
    try {
      for (PasstProcess now = process; now != null; now = relaunch(pause)) {
        long started = System.nanoTime();
        String end = now.awaitEnd();
        boolean stable = System.nanoTime() - started > STABLE_NANOS;
        pause = stable ? FIRST_PAUSE_MILLIS : Math.min(2 * pause, LONGEST_PAUSE_MILLIS);
        plug.detach();
        if (!restartAsked()) {
          String why = plug.complaint();
          down(why == null ? end : why + ".");
        }
      }
    } catch (InterruptedException e) {
      // Nobody interrupts this thread; the process ends with it all the same.
      kill();
    } finally {
      end();
    }
  }

  /** Nothing more is started; who waits for that is told. */
  private synchronized void end() {
    up = false;
    closed = true;
    notifyAll();
    plug.detach();
  }

  private void down(String why) {
    up = false;
    plug.carrierChanged();
    listener.networkDown(why);
  }

  private synchronized boolean restartAsked() {
    return wanted != null || closed;
  }

  /** Starts passt until it runs; null once this is closed. */
  private @Nullable PasstProcess relaunch(long firstPause) throws InterruptedException {
    long pause = firstPause;
    while (true) {
      PasstOptions next = next(pause);
      if (next == null) {
        return null;
      }
      try {
        PasstProcess fresh = starter.start(next);
        if (!accept(next, fresh)) {
          return null;
        }
        return fresh;
      } catch (IOException e) {
        if (!refuse(next, e)) {
          down(String.valueOf(e.getMessage()));
          pause = Math.min(2 * pause, LONGEST_PAUSE_MILLIS);
        }
      }
    }
  }

  /** What to start next, after a pause unless somebody waits for it; null once closed. */
  private synchronized @Nullable PasstOptions next(long pauseMillis) throws InterruptedException {
    long until = System.nanoTime() + pauseMillis * 1_000_000;
    for (long left = until - System.nanoTime();
        left > 0 && wanted == null && !closed;
        left = until - System.nanoTime()) {
      wait(left / 1_000_000 + 1);
    }
    if (closed) {
      return null;
    }
    return wanted == null ? options : wanted;
  }

  private boolean accept(PasstOptions used, PasstProcess fresh) {
    boolean wasUp = up;
    synchronized (this) {
      if (closed) {
        fresh.kill();
        fresh.socket().close();
        return false;
      }
      options = used;
      adopt(fresh);
      if (used.equals(wanted)) {
        wanted = null;
        notifyAll();
      } else if (wanted != null) {
        // Other forwards were asked for while this one was being started.
        kill();
      }
    }
    if (!wasUp) {
      plug.carrierChanged();
      listener.networkUp();
    }
    return true;
  }

  /** Whether it was the new forwards that failed; then the old ones are next, at once. */
  private synchronized boolean refuse(PasstOptions used, IOException why) {
    if (!used.equals(wanted)) {
      return false;
    }
    boolean first = refusal == null;
    if (first) {
      refusal = why;
    }
    wanted = first ? options : null;
    notifyAll();
    return first;
  }
}
