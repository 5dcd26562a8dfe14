package org.vivarium.vmm.engine;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.vivarium.vmm.LazyLogger;

/**
 * The one place where a machine's state changes, shared by every engine.
 *
 * <p>Any thread may call any method. What happens is told to the {@link MachineListener} on one
 * thread of this object, in the order in which it happened, with no lock held; that thread ends by
 * itself once the listener has heard of the machine's end. The listener may call the machine back.
 *
 * <p>At most {@value #MAX_PENDING} events wait for a slow listener: after that, whoever reports
 * another one waits too, so that a guest which restarts without end cannot fill the heap. Changes
 * of state are never held up.
 */
public final class LifeCycle {
  private static final LazyLogger LOG = LazyLogger.of(LifeCycle.class);

  /** Events that may wait for the listener before {@link #report} waits. */
  static final int MAX_PENDING = 1024;

  private final MachineListener listener;
  private final Thread teller;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Queue<MachineEvent> pending = new ArrayDeque<>();
  private final Set<BootStage> reached = EnumSet.noneOf(BootStage.class);
  private MachineState state = MachineState.CREATED;
  private @Nullable Outcome outcome;

  /**
   * Begins the life of a machine in state {@link MachineState#CREATED}.
   *
   * @param name the machine's name, for the thread's
   * @param listener hears of every event
   */
  public LifeCycle(String name, MachineListener listener) {
    this.listener = listener;
    teller = Thread.ofPlatform().name(name + " events").daemon().start(this::tell);
  }

  /** The state now. */
  public MachineState state() {
    lock.lock();
    try {
      return state;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Takes a step to a state that is not an end.
   *
   * @return whether the step was legal and has been taken; false changes nothing
   * @throws IllegalArgumentException if {@code next} is an end, which only {@link #end} reaches
   */
  public boolean become(MachineState next) {
    if (next.isEnd()) {
      throw new IllegalArgumentException("An end needs an outcome: " + next);
    }
    lock.lock();
    try {
      if (!state.mayBecome(next)) {
        return false;
      }
      step(next);
      return true;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Ends the life, once: later calls change nothing. A panic is reported as such first.
   *
   * @return whether this call ended it
   */
  public boolean end(Outcome how) {
    lock.lock();
    try {
      if (state.isEnd()) {
        return false;
      }
      outcome = how;
      if (how instanceof Outcome.Panicked(String why)) {
        pending.add(new MachineEvent.Panicked(why));
      }
      step(endOf(how));
      return true;
    } finally {
      lock.unlock();
    }
  }

  /** The state in which a machine that ended so is. */
  static MachineState endOf(Outcome how) {
    return switch (how) {
      case Outcome.PoweredOff _, Outcome.Killed _ -> MachineState.STOPPED;
      case Outcome.Panicked _, Outcome.Failed _ -> MachineState.FAILED;
    };
  }

  private void step(MachineState next) {
    pending.add(new MachineEvent.StateChanged(state, next));
    state = next;
    changed.signalAll();
  }

  /**
   * Reports that the boot reached a stage, now; only the first time since the start or the last
   * restart, so that a guest which repeats a code is not heard again.
   */
  public void reached(BootStage stage) {
    reached(stage, System.nanoTime());
  }

  /**
   * Reports that the boot reached a stage; only the first time since the start or the last restart.
   *
   * @param nanoTime when, as {@link System#nanoTime()} told it
   */
  public void reached(BootStage stage, long nanoTime) {
    lock.lock();
    try {
      if (reached.add(stage)) {
        addWhenRoom(new MachineEvent.StageReached(stage, nanoTime));
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * Says that the machine starts again from its first instruction: the stages count anew.
   *
   * @param why one sentence if the guest did it, or null if a person pressed reset
   */
  public void restarted(@Nullable String why) {
    long now = System.nanoTime();
    lock.lock();
    try {
      reached.clear();
      if (why != null) {
        addWhenRoom(new MachineEvent.Restarted(why));
      }
      reached(BootStage.MACHINE_BUILT, now);
      reached(BootStage.FIRST_INSTRUCTION, now);
    } finally {
      lock.unlock();
    }
  }

  /** Reports trouble that the machine survives. */
  public void fault(String message) {
    report(new MachineEvent.Fault(message));
  }

  /** Reports that such trouble is over. */
  public void faultOver(String fault, String message) {
    report(new MachineEvent.FaultOver(fault, message));
  }

  private void report(MachineEvent event) {
    lock.lock();
    try {
      addWhenRoom(event);
    } finally {
      lock.unlock();
    }
  }

  private boolean onTeller() {
    return Thread.currentThread().equals(teller);
  }

  /** Events after the end are dropped: the last thing that a listener hears is the end. */
  private void addWhenRoom(MachineEvent event) {
    while (pending.size() >= MAX_PENDING && !state.isEnd() && !onTeller()) {
      changed.awaitUninterruptibly();
    }
    if (!state.isEnd()) {
      pending.add(event);
      changed.signalAll();
    }
  }

  /**
   * Waits for the end.
   *
   * @return how it ended, or empty if {@code timeout} passed first
   */
  public Optional<Outcome> await(Duration timeout) throws InterruptedException {
    long left = saturatedNanos(timeout);
    lock.lockInterruptibly();
    try {
      while (outcome == null && left > 0) {
        left = changed.awaitNanos(left);
      }
      return Optional.ofNullable(outcome);
    } finally {
      lock.unlock();
    }
  }

  private static long saturatedNanos(Duration timeout) {
    return timeout.compareTo(Duration.ofNanos(Long.MAX_VALUE)) >= 0
        ? Long.MAX_VALUE
        : timeout.toNanos();
  }

  /**
   * Waits until the listener has heard of the end and this object's thread is gone; returns at once
   * when the listener itself calls. A listener that blocks is waited for {@code patience} long.
   */
  public void join(Duration patience) {
    if (onTeller()) {
      return;
    }
    try {
      teller.join(TimeUnit.NANOSECONDS.toMillis(saturatedNanos(patience)));
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  private void tell() {
    for (MachineEvent event = next(); event != null; event = next()) {
      try {
        listener.on(event);
      } catch (RuntimeException e) {
        LOG.warn("The machine's listener failed on {}", event, e);
      }
    }
  }

  private @Nullable MachineEvent next() {
    lock.lock();
    try {
      while (pending.isEmpty() && !state.isEnd()) {
        changed.awaitUninterruptibly();
      }
      MachineEvent event = pending.poll();
      changed.signalAll();
      return event;
    } finally {
      lock.unlock();
    }
  }
}
