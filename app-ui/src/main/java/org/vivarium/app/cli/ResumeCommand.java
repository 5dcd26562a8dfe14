package org.vivarium.app.cli;

import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.client.MachineConnection;
import org.vivarium.vmm.client.Machines;
import picocli.CommandLine.Command;

/** Lets paused machines run on. */
@Command(
    name = ResumeCommand.NAME,
    description = "Let paused machines run on.",
    footer = {
      "",
      "Examples:",
      "  vivarium resume web",
      "  vivarium resume web db",
      "",
      "Exit status: 0 done; 1 one could not be; 2 bad input."
    })
final class ResumeCommand extends MachinesCommand {
  static final String NAME = "resume";

  ResumeCommand(Shell shell) {
    super(shell);
  }

  @Override
  int on(Machines machines, String name) throws VmmException {
    try (MachineConnection machine = machines.connect(name)) {
      machine.resume();
      return ExitStatus.OK;
    }
  }
}
