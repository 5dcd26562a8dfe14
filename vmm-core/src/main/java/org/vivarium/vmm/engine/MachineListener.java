package org.vivarium.vmm.engine;

/** Hears of a machine's life. Called on the engine's threads, one call at a time, in order. */
@FunctionalInterface
public interface MachineListener {
  /** Called once for each event; does not block. */
  void on(MachineEvent event);
}
