package org.vivarium.vmm.process;

import java.time.Duration;
import org.vivarium.vmm.LazyLogger;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.engine.MachineState;
import org.vivarium.vmm.engine.VirtualMachine;

/**
 * Turns a machine off as a person would: presses its power button, again every two seconds, for a
 * press before the guest listens is lost, and holds it down when patience ends. Any thread.
 */
final class Shutdown {
  private static final LazyLogger LOG = LazyLogger.of(Shutdown.class);
  private static final Duration PRESS_AGAIN = Duration.ofSeconds(2);

  private final VirtualMachine machine;
  private boolean begun;
  private long deadline;

  Shutdown(VirtualMachine machine) {
    this.machine = machine;
  }

  /** Begins, and returns at once; one that has begun may have its patience shortened. */
  synchronized void begin(Duration patience) {
    long end = System.nanoTime() + patience.toNanos();
    if (begun) {
      deadline = end - deadline < 0 ? end : deadline;
      return;
    }
    begun = true;
    deadline = end;
    Thread.ofPlatform().name("shutdown").daemon().start(this::run);
  }

  private synchronized Duration left() {
    return Duration.ofNanos(Math.max(0, deadline - System.nanoTime()));
  }

  private void run() {
    try {
      boolean ended = false;
      for (Duration left = left(); !ended && left.isPositive(); left = left()) {
        press();
        ended = machine.await(left.compareTo(PRESS_AGAIN) < 0 ? left : PRESS_AGAIN).isPresent();
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
    machine.kill();
  }

  private void press() {
    try {
      if (machine.state() == MachineState.PAUSED) {
        machine.resume();
      }
      machine.pressPowerButton();
    } catch (VmmException e) {
      LOG.debug("The power button could not be pressed", e);
    }
  }
}
