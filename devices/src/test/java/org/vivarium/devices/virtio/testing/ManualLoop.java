package org.vivarium.devices.virtio.testing;

import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;
import org.vivarium.devices.virtio.transport.IoLoop;
import org.vivarium.kvm.Epoll;
import org.vivarium.kvm.EventFd;
import org.vivarium.kvm.FileDescriptor;
import org.vivarium.kvm.KvmException;

/** An I/O loop that turns when a test says so, on the test's thread. */
public final class ManualLoop implements IoLoop {
  private final class ManualWatch implements Watch {
    private final EventFd event;
    private final Runnable callback;

    ManualWatch(EventFd event, Runnable callback) {
      this.event = event;
      this.callback = callback;
    }

    @Override
    public void cancel() {
      watches.remove(this);
    }
  }

  /** A descriptor with an epoll of its own, which is closed with the watch. */
  private final class OwnWatch implements DescriptorWatch {
    private final FileDescriptor descriptor;
    private final Runnable callback;
    private @Nullable Epoll epoll;

    OwnWatch(FileDescriptor descriptor, int events, Runnable callback) {
      this.descriptor = descriptor;
      this.callback = callback;
      try {
        epoll = Epoll.create(1);
        epoll.add(descriptor.fd(), events | Epoll.EDGE_TRIGGERED, 0);
      } catch (KvmException e) {
        throw new AssertionError(e);
      }
    }

    @Override
    public void await(int events) {
      try {
        if (epoll != null) {
          epoll.modify(descriptor.fd(), events | Epoll.EDGE_TRIGGERED, 0);
        }
      } catch (KvmException e) {
        throw new AssertionError(e);
      }
    }

    boolean turn() {
      try {
        if (epoll == null || epoll.await(0) == 0) {
          return false;
        }
      } catch (KvmException e) {
        throw new AssertionError(e);
      }
      callback.run();
      return true;
    }

    @Override
    public void cancel() {
      descriptors.remove(this);
      if (epoll != null) {
        epoll.close();
        epoll = null;
      }
    }
  }

  /** An alarm that goes off by the clock, or by {@link #elapse}. */
  private final class ManualAlarm implements Alarm {
    private final Runnable callback;
    private long due = Long.MAX_VALUE;

    ManualAlarm(Runnable callback) {
      this.callback = callback;
    }

    @Override
    public void set(long nanos) {
      due = System.nanoTime() - start + nanos;
    }

    @Override
    public void clear() {
      due = Long.MAX_VALUE;
    }

    @Override
    public void cancel() {
      alarms.remove(this);
    }

    boolean turn(long now) {
      if (due > now) {
        return false;
      }
      clear();
      callback.run();
      return true;
    }
  }

  private final long start = System.nanoTime();
  private final List<ManualAlarm> alarms = new ArrayList<>();
  private final List<ManualWatch> watches = new ArrayList<>();
  private final List<OwnWatch> descriptors = new ArrayList<>();
  private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();

  /** Makes an idle loop. */
  public ManualLoop() {}

  @Override
  public synchronized Watch watch(EventFd event, Runnable callback) {
    ManualWatch watch = new ManualWatch(event, callback);
    watches.add(watch);
    return watch;
  }

  @Override
  public synchronized DescriptorWatch watch(
      FileDescriptor descriptor, int events, Runnable callback) {
    OwnWatch watch = new OwnWatch(descriptor, events, callback);
    descriptors.add(watch);
    return watch;
  }

  @Override
  public void execute(Runnable task) {
    tasks.add(task);
  }

  @Override
  public Alarm alarm(Runnable callback) {
    ManualAlarm alarm = new ManualAlarm(callback);
    alarms.add(alarm);
    return alarm;
  }

  /** Number of alarms that are set. */
  public long alarms() {
    return alarms.stream().filter(alarm -> alarm.due != Long.MAX_VALUE).count();
  }

  /** Lets the alarms that are set go off, whatever the time. */
  public void elapse() {
    List.copyOf(alarms).forEach(alarm -> alarm.turn(Long.MAX_VALUE - 1));
  }

  /** Number of events that are waited for. */
  public int watched() {
    return watches.size() + descriptors.size();
  }

  /** Runs tasks and callbacks until there is nothing to do. */
  public void run() {
    // A device that feeds itself for ever must fail its test, not hang it.
    for (int turns = 0; turns < 10_000; turns++) {
      if (!turn()) {
        return;
      }
    }
    throw new AssertionError("The loop does not come to rest");
  }

  /** Runs tasks and callbacks once; false if there was nothing to do. */
  public boolean turn() {
    boolean worked = false;
    for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
      task.run();
      worked = true;
    }
    // By index, so that a turn allocates nothing; a callback that cancels a watch only delays
    // others.
    for (int i = 0; i < watches.size(); i++) {
      ManualWatch watch = watches.get(i);
      if (watch.event.drain() > 0) {
        watch.callback.run();
        worked = true;
      }
    }
    for (int i = 0; i < descriptors.size(); i++) {
      worked |= descriptors.get(i).turn();
    }
    for (int i = 0; i < alarms.size(); i++) {
      worked |= alarms.get(i).turn(System.nanoTime() - start);
    }
    return worked;
  }
}
