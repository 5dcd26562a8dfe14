package org.vivarium.vmm.client;

import java.util.Optional;
import org.vivarium.vmm.definition.VmDefinition;

/**
 * A machine in the list.
 *
 * @param name its folder's name
 * @param definition its definition, or empty if that cannot be read
 * @param state whether it runs
 * @param engine the engine that runs it ({@code kvm} or {@code qemu}); empty while it does not run
 * @param problem why its definition cannot be read, or how it last ended if nobody asked for that;
 *     a sentence
 */
public record MachineSummary(
    String name,
    Optional<VmDefinition> definition,
    State state,
    Optional<String> engine,
    Optional<String> problem) {
  /** Whether a machine runs, as the list shows it. */
  public enum State {
    STOPPED,
    STARTING,
    RUNNING,
    PAUSED,
    /** It ended in a way that nobody asked for. */
    FAILED,
    /** Its definition cannot be read. */
    BROKEN
  }
}
