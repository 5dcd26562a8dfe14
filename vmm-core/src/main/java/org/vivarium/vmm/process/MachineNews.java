package org.vivarium.vmm.process;

import java.time.Duration;
import java.time.Instant;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.vivarium.vmm.LazyLogger;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.client.Notification;
import org.vivarium.vmm.engine.BootStage;
import org.vivarium.vmm.engine.MachineEvent;
import org.vivarium.vmm.engine.MachineListener;
import org.vivarium.vmm.engine.MachineState;
import org.vivarium.vmm.store.ProcessRecord;

/**
 * What is known of a machine's life: hears its engine, and tells the log, the machine's folder and
 * the clients. Events come one at a time; any thread may ask.
 */
final class MachineNews implements MachineListener {
  private static final LazyLogger LOG = LazyLogger.of(MachineNews.class);

  private static final Duration HEARING = Duration.ofSeconds(5);

  /** Writes what the process says of itself. */
  @FunctionalInterface
  interface Record {
    /** Writes it. */
    void write(ProcessRecord.Phase phase, Optional<String> problem) throws VmmException;
  }

  private final EventLog log;
  private final Record record;
  private final long askedNanoTime;
  private final Map<BootStage, Long> stages = new EnumMap<>(BootStage.class);
  private Optional<String> problem = Optional.empty();
  private final CountDownLatch begun = new CountDownLatch(1);
  private volatile Consumer<Notification> clients = _ -> {};

  /**
   * @param asked when the machine's start was asked for
   */
  MachineNews(EventLog log, Record record, Instant asked) {
    this.log = log;
    this.record = record;
    this.askedNanoTime = System.nanoTime() - Duration.between(asked, Instant.now()).toNanos();
  }

  /** Has notifications pushed from now on. */
  void pushTo(Consumer<Notification> consumer) {
    clients = consumer;
  }

  @Override
  public void on(MachineEvent event) {
    switch (event) {
      case MachineEvent.StateChanged(MachineState _, MachineState to) -> changed(to);
      case MachineEvent.StageReached(BootStage stage, long nanoTime) -> reached(stage, nanoTime);
      case MachineEvent.Restarted(String why) -> note(why, false);
      case MachineEvent.Panicked(String why) ->
          note("The guest's kernel panicked: " + why + ".", true);
      case MachineEvent.Fault(String message) -> trouble(message);
      case MachineEvent.FaultOver(String fault, String message) -> troubleOver(fault, message);
    }
  }

  private void changed(MachineState state) {
    switch (state) {
      case RUNNING -> record(ProcessRecord.Phase.RUNNING);
      case PAUSED -> record(ProcessRecord.Phase.PAUSED);
      case CREATED, STOPPED, FAILED -> LOG.debug("The machine is {}", state);
    }
    note("The machine is %s.".formatted(state.name().toLowerCase(Locale.ROOT)), false);
    begun.countDown();
    clients.accept(new Notification.StateChanged(state));
  }

  /** Waits until it has been heard, and recorded, that the machine runs; not for long. */
  void awaitBegun() throws InterruptedException {
    if (!begun.await(HEARING.toMillis(), TimeUnit.MILLISECONDS)) {
      LOG.warn("It has not been heard that the machine runs");
    }
  }

  private void record(ProcessRecord.Phase phase) {
    try {
      record.write(phase, Optional.empty());
    } catch (VmmException e) {
      note(String.valueOf(e.getMessage()), true);
    }
  }

  private void reached(BootStage stage, long nanoTime) {
    long nanos = Math.max(0, nanoTime - askedNanoTime);
    synchronized (this) {
      if (stage == BootStage.MACHINE_BUILT) {
        stages.clear();
      }
      stages.put(stage, nanos);
    }
    clients.accept(new Notification.StageReached(stage, nanos));
  }

  /** Notes trouble that the machine survives; any thread. */
  void trouble(String sentence) {
    synchronized (this) {
      problem = Optional.of(sentence);
    }
    note(sentence, true);
  }

  /** Notes that some trouble is over, which is then no longer the newest. */
  private void troubleOver(String trouble, String sentence) {
    synchronized (this) {
      problem = problem.filter(newest -> !newest.equals(trouble));
    }
    note(sentence, false);
  }

  /** Writes to the log and tells the clients; any thread. */
  void note(String sentence, boolean trouble) {
    if (log.note(sentence)) {
      clients.accept(new Notification.Logged(System.currentTimeMillis(), sentence, trouble));
    }
  }

  /** Tells the clients alone. */
  void push(Notification notification) {
    clients.accept(notification);
  }

  /** The stages reached since the last start, with nanoseconds after the start was asked for. */
  synchronized Map<BootStage, Long> stages() {
    return new EnumMap<>(stages);
  }

  /** The newest trouble. */
  synchronized Optional<String> problem() {
    return problem;
  }
}
