package org.vivarium.vmm.engine;

/** Where a machine is in its life. */
public enum MachineState {
  /** Built, not started. */
  CREATED,
  /** Its processors run. */
  RUNNING,
  /** Its processors stand still; memory and devices are kept. */
  PAUSED,
  /** The guest turned itself off, or was turned off. */
  STOPPED,
  /** It ended in a way that nobody asked for: a panic, or a fault of the machine. */
  FAILED;

  /** Whether a machine in this state never runs again. */
  public boolean isEnd() {
    return this == STOPPED || this == FAILED;
  }

  /** Whether the step from this state to {@code next} is legal. */
  public boolean mayBecome(MachineState next) {
    return switch (this) {
      case CREATED -> next == RUNNING || next.isEnd();
      case RUNNING -> next == PAUSED || next.isEnd();
      case PAUSED -> next == RUNNING || next.isEnd();
      case STOPPED, FAILED -> false;
    };
  }
}
