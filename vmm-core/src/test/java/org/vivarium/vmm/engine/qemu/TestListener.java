package org.vivarium.vmm.engine.qemu;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.vivarium.vmm.engine.MachineEvent;
import org.vivarium.vmm.engine.MachineListener;

/** Remembers events and waits for them. */
public final class TestListener implements MachineListener {
  private final List<MachineEvent> events = new ArrayList<>();

  @Override
  public synchronized void on(MachineEvent event) {
    events.add(event);
    notifyAll();
  }

  public synchronized List<MachineEvent> events() {
    return List.copyOf(events);
  }

  /** Waits until an event has come that the predicate accepts. */
  public synchronized void await(Predicate<MachineEvent> wanted, Duration patience)
      throws InterruptedException {
    long end = System.nanoTime() + patience.toNanos();
    while (events.stream().noneMatch(wanted)) {
      long left = (end - System.nanoTime()) / 1_000_000;
      if (left <= 0) {
        throw new AssertionError("No such event among " + events);
      }
      wait(left);
    }
  }
}
