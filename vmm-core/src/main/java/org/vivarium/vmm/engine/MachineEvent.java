package org.vivarium.vmm.engine;

/** Something that happened to a machine. */
public sealed interface MachineEvent {
  /** The machine is in another state. */
  record StateChanged(MachineState from, MachineState to) implements MachineEvent {}

  /**
   * The boot reached a stage, each once for every start and restart.
   *
   * @param nanoTime when, as {@link System#nanoTime()} tells it
   */
  record StageReached(BootStage stage, long nanoTime) implements MachineEvent {}

  /** The guest asked for a restart, or its processor stopped in a triple fault: it starts again. */
  record Restarted(String why) implements MachineEvent {}

  /** The guest's kernel panicked. */
  record Panicked(String why) implements MachineEvent {}

  /** A device or back end is in trouble that the machine survives; one sentence. */
  record Fault(String message) implements MachineEvent {}

  /**
   * What a fault told of is over.
   *
   * @param fault its message
   * @param message one sentence
   */
  record FaultOver(String fault, String message) implements MachineEvent {}
}
