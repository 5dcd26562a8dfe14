package org.vivarium.devices.virtio.net;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.vivarium.devices.virtio.transport.IoLoop;

/**
 * The user network: passt gives the guest DHCP, DNS and NAT through the host's own sockets, without
 * root.
 *
 * <p>A thread of its own watches passt: when passt ends, the guest's link goes down, passt is
 * started again, after a pause that grows while it keeps failing, and the link comes up. Frames run
 * on the I/O loop and allocate nothing. Lock order: a restart's lock, then this object's.
 */
public final class PasstBackend implements NetBackend, AutoCloseable {
  /** Told how passt fares, on the watching thread. */
  public interface Listener {
    /**
     * Passt has ended by itself, or could not be started again; this happens again and again while
     * it cannot.
     *
     * @param why a sentence
     */
    void networkDown(String why);

    /** Passt runs again. */
    void networkUp();
  }

  private static final long FIRST_PAUSE_MILLIS = 100;
  private static final long LONGEST_PAUSE_MILLIS = 10_000;

  /** A passt that ran so long did not fail at its start. */
  private static final long STABLE_NANOS = 10_000_000_000L;

  private final class StreamOwner implements FrameStream.Owner {
    @Override
    public void receiveReady() {
      Events to = events;
      if (to != null) {
        to.receiveReady();
      }
    }

    @Override
    public void sendReady() {
      Events to = events;
      if (to != null) {
        to.sendReady();
      }
    }

    @Override
    public void lost(@Nullable String why) {
      complaint = why;
      PasstProcess old = process;
      if (old != null) {
        old.kill();
      }
    }
  }

  private final IoLoop loop;
  private final Listener listener;
  private final FrameStream stream;
  private final Object restart = new Object();
  private final Thread watcher;
  private volatile @Nullable Events events;
  private volatile @Nullable PasstProcess process;
  private volatile boolean up;

  /** What was wrong with what passt sent, if it was cut off for that. */
  private volatile @Nullable String complaint;

  private PasstOptions options;
  private @Nullable PasstOptions wanted;
  private @Nullable IOException refusal;
  private boolean closed;

  private PasstBackend(
      String name, PasstOptions options, IoLoop loop, Listener listener, PasstProcess first) {
    this.loop = loop;
    this.listener = listener;
    this.options = options;
    this.stream = new FrameStream(loop, new StreamOwner());
    this.watcher = Thread.ofPlatform().name(name + "-passt").daemon().unstarted(this::watch);
    adopt(first);
  }

  /**
   * Starts passt and connects to it, which takes some ten milliseconds.
   *
   * @param name of the card, for the thread: {@code "net0"}
   * @param loop the card's
   * @throws IOException a sentence that says why passt does not run, such as a forwarded port that
   *     is taken
   */
  public static PasstBackend start(
      String name, PasstOptions options, IoLoop loop, Listener listener)
      throws IOException, InterruptedException {
    PasstProcess first = PasstProcess.launch(options);
    PasstBackend backend = new PasstBackend(name, options, loop, listener, first);
    backend.watcher.start();
    return backend;
  }

  /**
   * Replaces the forwarded ports: passt is started anew, and connections through it end. Blocks for
   * that. If the new ports cannot be had, the old ones are forwarded again.
   *
   * @throws IOException a sentence that says why
   */
  public void setForwards(List<PasstForward> forwards) throws IOException, InterruptedException {
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
      }
    }
  }

  /** Passt's process identifier; empty while it is down. */
  public OptionalLong pid() {
    PasstProcess running = process;
    return up && running != null ? OptionalLong.of(running.pid()) : OptionalLong.empty();
  }

  /** Ends passt. The card is reset by then; the loop still runs. */
  @Override
  public void close() {
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

  private void kill() {
    PasstProcess running = process;
    if (running != null) {
      running.kill();
    }
  }

  private void adopt(PasstProcess fresh) {
    process = fresh;
    up = true;
    loop.execute(() -> stream.attach(fresh.socket()));
  }

  private void watch() {
    long pause = FIRST_PAUSE_MILLIS;
    try {
      for (PasstProcess now = process; now != null; now = relaunch(pause)) {
        long started = System.nanoTime();
        String end = now.awaitEnd();
        boolean stable = System.nanoTime() - started > STABLE_NANOS;
        pause = stable ? FIRST_PAUSE_MILLIS : Math.min(2 * pause, LONGEST_PAUSE_MILLIS);
        loop.execute(stream::detach);
        if (!restartAsked()) {
          String why = complaint;
          down(why == null ? end : why + ".");
        }
        complaint = null;
      }
    } catch (InterruptedException e) {
      // Nobody interrupts this thread; the process ends with it all the same.
      kill();
    }
    up = false;
    loop.execute(stream::detach);
  }

  private void down(String why) {
    up = false;
    carrierChanged();
    listener.networkDown(why);
  }

  private void carrierChanged() {
    Events to = events;
    if (to != null) {
      to.carrierChanged();
    }
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
        PasstProcess fresh = PasstProcess.launch(next);
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
        fresh.kill();
      }
    }
    if (!wasUp) {
      carrierChanged();
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

  @Override
  public long offloads() {
    return 0;
  }

  @Override
  public boolean carrier() {
    return up;
  }

  @Override
  public void start(Events newEvents, long negotiated) {
    events = newEvents;
  }

  @Override
  public void stop() {
    events = null;
  }

  @Override
  public boolean send(NetHeader header, ByteBuffer frame) {
    return stream.send(frame);
  }

  @Override
  public void flush() {
    stream.flush();
  }

  @Override
  public int receive(NetHeader header, ByteBuffer frame) {
    return stream.receive(frame);
  }
}
