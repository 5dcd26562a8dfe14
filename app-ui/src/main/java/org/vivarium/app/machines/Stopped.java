package org.vivarium.app.machines;

import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.client.MachineSummary;
import org.vivarium.vmm.definition.VmDefinition;

/** Machines whose disks nobody changes now. */
final class Stopped {
  private Stopped() {}

  /**
   * A stopped machine's definition.
   *
   * @throws VmmException if it runs, or its definition cannot be read
   */
  static VmDefinition definition(MachineSummary machine) throws VmmException {
    String name = machine.name();
    return switch (machine.state()) {
      case STARTING, RUNNING, PAUSED ->
          throw new VmmException(
              "Machine %s runs and changes its disks; 'vivarium stop %s' first."
                  .formatted(name, name));
      case STOPPED, FAILED, BROKEN ->
          machine
              .definition()
              .orElseThrow(
                  () ->
                      new VmmException(
                          machine
                              .problem()
                              .orElse("The definition of %s cannot be read.".formatted(name))));
    };
  }
}
