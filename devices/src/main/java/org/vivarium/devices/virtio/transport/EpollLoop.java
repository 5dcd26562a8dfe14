package org.vivarium.devices.virtio.transport;

import java.util.Arrays;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;
import org.vivarium.kvm.Epoll;
import org.vivarium.kvm.EventFd;
import org.vivarium.kvm.FileDescriptor;
import org.vivarium.kvm.KvmException;
import org.vivarium.kvm.ThreadFilter;

/**
 * An {@link IoLoop} on a platform thread of its own that waits with epoll(7).
 *
 * <p>Waiting and calling back allocate nothing. What a callback throws is a bug in a device: it
 * ends the thread and goes to the crash handler.
 */
public final class EpollLoop implements IoLoop, AutoCloseable {
  private static final int EVENTS_PER_WAIT = 64;
  private static final int WAKE_TOKEN = -1;

  private final class LoopWatch implements DescriptorWatch {
    private final FileDescriptor descriptor;
    private final Runnable callback;

    LoopWatch(FileDescriptor descriptor, Runnable callback) {
      this.descriptor = descriptor;
      this.callback = callback;
    }

    @Override
    public void await(int events) {
      change(this, events);
    }

    @Override
    public void cancel() {
      forget(this);
    }
  }

  private final Epoll epoll;
  private final EventFd wake;
  private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
  private final LoopAlarms alarms = new LoopAlarms();
  private final Thread thread;
  private final ThreadFilter filter;
  private volatile boolean closing;

  /** By token; a free place is null. Replaced as a whole, under this object's lock. */
  private volatile @Nullable LoopWatch[] watches = new LoopWatch[8];

  private EpollLoop(
      Epoll epoll,
      EventFd wake,
      String name,
      ThreadFilter.Kind kind,
      Thread.UncaughtExceptionHandler crashHandler) {
    this.epoll = epoll;
    this.wake = wake;
    this.filter = new ThreadFilter(kind);
    this.thread =
        Thread.ofPlatform().name(name).uncaughtExceptionHandler(crashHandler).unstarted(this::loop);
  }

  /**
   * Starts a loop.
   *
   * @param name of its thread
   * @param kind of its thread, for what it serves
   * @param crashHandler told when the thread ends by an exception
   * @throws KvmException if the host is out of file descriptors
   */
  public static EpollLoop start(
      String name, ThreadFilter.Kind kind, Thread.UncaughtExceptionHandler crashHandler)
      throws KvmException {
    Epoll epoll = Epoll.create(EVENTS_PER_WAIT);
    try {
      EventFd wake = EventFd.create();
      epoll.add(wake.fd(), Epoll.IN, WAKE_TOKEN);
      EpollLoop loop = new EpollLoop(epoll, wake, name, kind, crashHandler);
      loop.thread.start();
      return loop;
    } catch (KvmException e) {
      epoll.close();
      throw e;
    }
  }

  @Override
  public Watch watch(EventFd event, Runnable callback) {
    // Each signal is an edge, whatever the count: reading it would be one more system call a turn.
    return add(new LoopWatch(event, callback), Epoll.IN | Epoll.EDGE_TRIGGERED);
  }

  @Override
  public DescriptorWatch watch(FileDescriptor descriptor, int events, Runnable callback) {
    return add(new LoopWatch(descriptor, callback), events | Epoll.EDGE_TRIGGERED);
  }

  private synchronized LoopWatch add(LoopWatch watch, int events) {
    @Nullable LoopWatch[] changed = watches;
    int token = 0;
    while (token < changed.length && changed[token] != null) {
      token++;
    }
    changed = Arrays.copyOf(changed, Math.max(changed.length, token + 1));
    changed[token] = watch;
    watches = changed;
    try {
      epoll.add(watch.descriptor.fd(), events, token);
    } catch (KvmException e) {
      throw new IllegalStateException("Cannot wait for a device's event", e);
    }
    return watch;
  }

  @Override
  public Alarm alarm(Runnable callback) {
    return alarms.add(callback);
  }

  @Override
  public void execute(Runnable task) {
    tasks.add(task);
    wake.signal();
  }

  /**
   * Ends the thread after the tasks that were given to it, and waits for that. Not on the loop's
   * own thread.
   */
  @Override
  public void close() {
    if (Thread.currentThread().equals(thread)) {
      throw new IllegalStateException("A loop cannot wait for its own end");
    }
    closing = true;
    if (!wake.isClosed()) {
      wake.signal();
    }
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    epoll.close();
    wake.close();
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void loop() {
    try {
      while (!closing || !tasks.isEmpty()) {
        long nanos = alarms.untilNext();
        int ready = nanos < 0 ? epoll.await(Epoll.FOREVER) : epoll.awaitNanos(nanos);
        // Before the first thing that a guest has asked for.
        filter.takeHold();
        for (int i = 0; i < ready; i++) {
          dispatch((int) epoll.token(i));
        }
        alarms.runDue();
      }
    } catch (KvmException e) {
      throw new IllegalStateException("The I/O loop cannot go on", e);
    }
  }

  private void dispatch(int token) {
    if (token == WAKE_TOKEN) {
      wake.drain();
      for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
        task.run();
      }
      return;
    }
    LoopWatch watch = watches[token];
    // A watch that an earlier callback of this round cancelled is gone, or another watch is in its
    // place, whose callback then runs for no reason.
    if (watch != null) {
      watch.callback.run();
    }
  }

  private synchronized void change(LoopWatch watch, int events) {
    for (int token = 0; token < watches.length; token++) {
      if (watch.equals(watches[token])) {
        try {
          epoll.modify(watch.descriptor.fd(), events | Epoll.EDGE_TRIGGERED, token);
        } catch (KvmException e) {
          throw new IllegalStateException("Cannot wait for a descriptor of a device", e);
        }
      }
    }
  }

  private synchronized void forget(LoopWatch watch) {
    @Nullable LoopWatch[] changed = watches.clone();
    for (int i = 0; i < changed.length; i++) {
      if (watch.equals(changed[i])) {
        changed[i] = null;
        try {
          epoll.remove(watch.descriptor.fd());
        } catch (KvmException e) {
          throw new IllegalStateException("Cannot stop waiting for a device's event", e);
        }
      }
    }
    watches = changed;
  }
}
