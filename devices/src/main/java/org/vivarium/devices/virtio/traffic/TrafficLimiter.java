package org.vivarium.devices.virtio.traffic;

import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.vivarium.devices.virtio.transport.IoLoop;
import org.vivarium.kvm.Epoll;
import org.vivarium.kvm.KvmException;
import org.vivarium.kvm.TimerFd;

/**
 * Holds a device's traffic to a {@link TrafficLimit} that can change at any time.
 *
 * <p>On the I/O loop, {@link #setLimit} and {@link #close} excepted. Without a limit it costs one
 * comparison; asking and spending allocate nothing.
 */
public final class TrafficLimiter implements AutoCloseable {
  /** Longest wait, so that a clock or a rate out of all proportion stalls nothing for good. */
  private static final long LONGEST_WAIT_NANOS = 1_000_000_000L;

  private final IoLoop loop;
  private final Runnable resume;
  private final LongSupplier clock;
  private final TokenBucket bytes = new TokenBucket();
  private final TokenBucket operations = new TokenBucket();
  private @Nullable TimerFd timer;
  private IoLoop.@Nullable Watch watch;
  private boolean limited;
  private boolean waiting;
  private boolean closed;

  /**
   * @param loop the device's
   * @param resume run on the loop when there is room again after {@link #blocked}
   */
  public TrafficLimiter(IoLoop loop, Runnable resume) {
    this(loop, resume, System::nanoTime);
  }

  TrafficLimiter(IoLoop loop, Runnable resume, LongSupplier clock) {
    this.loop = loop;
    this.resume = resume;
    this.clock = clock;
  }

  /**
   * Changes the limit, soon. Any thread.
   *
   * @throws KvmException if the host has no timer left; the limit is as before
   */
  public void setLimit(TrafficLimit limit) throws KvmException {
    if (!limit.equals(TrafficLimit.NONE)) {
      makeTimer();
    }
    loop.execute(() -> apply(limit));
  }

  private synchronized void makeTimer() throws KvmException {
    if (timer == null && !closed) {
      TimerFd made = TimerFd.create();
      timer = made;
      watch = loop.watch(made, Epoll.IN, () -> expired(made));
    }
  }

  private void apply(TrafficLimit limit) {
    long now = clock.getAsLong();
    bytes.setRate(limit.bytesPerSecond(), now);
    operations.setRate(limit.operationsPerSecond(), now);
    limited = !limit.equals(TrafficLimit.NONE) && current() != null;
    resumeIfWaiting();
  }

  private synchronized @Nullable TimerFd current() {
    return timer;
  }

  private void expired(TimerFd which) {
    if (!which.isClosed() && which.drain() > 0) {
      resumeIfWaiting();
    }
  }

  private void resumeIfWaiting() {
    if (waiting) {
      waiting = false;
      resume.run();
    }
  }

  /** Whether there is a limit. */
  public boolean isLimited() {
    return limited;
  }

  /** Whether nothing may be moved now; if so, {@code resume} runs when that has changed. */
  public boolean blocked() {
    if (!limited) {
      return false;
    }
    long now = clock.getAsLong();
    long wait = Math.max(bytes.waitNanos(now), operations.waitNanos(now));
    TimerFd alarm = current();
    if (wait == 0 || alarm == null) {
      return false;
    }
    if (!waiting) {
      try {
        alarm.arm(Math.min(wait, LONGEST_WAIT_NANOS));
      } catch (KvmException e) {
        throw new IllegalStateException("A timer cannot be set", e);
      }
      waiting = true;
    }
    return true;
  }

  /** Counts one operation that moves so many bytes. */
  public void spend(long moved) {
    if (limited) {
      bytes.spend(moved);
      operations.spend(1);
    }
  }

  /** Gives the timer back, soon; there is no limit then. Any thread; the loop still runs. */
  @Override
  public synchronized void close() {
    closed = true;
    TimerFd old = timer;
    IoLoop.Watch oldWatch = watch;
    timer = null;
    watch = null;
    if (old != null && oldWatch != null) {
      loop.execute(
          () -> {
            limited = false;
            oldWatch.cancel();
            old.close();
          });
    }
  }
}
