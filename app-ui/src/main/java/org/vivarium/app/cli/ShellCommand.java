package org.vivarium.app.cli;

import java.util.concurrent.Callable;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.client.MachineConnection;
import org.vivarium.vmm.client.MachineSummary;
import org.vivarium.vmm.client.Machines;
import org.vivarium.vmm.definition.VmDefinition;
import picocli.CommandLine.Command;

/** What all commands about machines share. */
@Command(
    mixinStandardHelpOptions = true,
    versionProvider = VivariumCommand.Version.class,
    sortOptions = false)
abstract class ShellCommand implements Callable<Integer> {
  final Shell shell;

  ShellCommand(Shell shell) {
    this.shell = shell;
  }

  /** Does something to a machine that runs. */
  @FunctionalInterface
  interface LiveChange {
    void apply(MachineConnection machine) throws VmmException;
  }

  /** Whether a machine has a process that can be asked. */
  static boolean isAlive(MachineSummary machine) {
    return switch (machine.state()) {
      case STARTING, RUNNING, PAUSED -> true;
      case STOPPED, FAILED, BROKEN -> false;
    };
  }

  /** A machine's definition; a sentence says why there is none. */
  static VmDefinition definition(MachineSummary machine) throws VmmException {
    return machine
        .definition()
        .orElseThrow(
            () ->
                new VmmException(
                    machine
                        .problem()
                        .orElse("The definition of %s cannot be read.".formatted(machine.name()))));
  }

  /**
   * Changes a machine: at once if it runs, and in its definition for its next starts. What the
   * running machine refuses is not written down.
   */
  static void change(Machines machines, MachineSummary now, LiveChange live, VmDefinition next)
      throws VmmException {
    if (isAlive(now)) {
      try (MachineConnection machine = machines.connect(now.name())) {
        live.apply(machine);
      }
    }
    machines.update(next);
  }
}
