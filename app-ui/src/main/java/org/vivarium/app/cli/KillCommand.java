package org.vivarium.app.cli;

import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.client.MachineConnection;
import org.vivarium.vmm.client.Machines;
import picocli.CommandLine.Command;

/** Forces machines off. */
@Command(
    name = KillCommand.NAME,
    description = "Force machines off at once, as pulling the plug would; the guest saves nothing.",
    footer = {
      "",
      "Examples:",
      "  vivarium kill web",
      "  vivarium kill web db",
      "",
      "Exit status: 0 done; 1 one could not be; 2 bad input."
    })
final class KillCommand extends MachinesCommand {
  static final String NAME = "kill";

  KillCommand(Shell shell) {
    super(shell);
  }

  @Override
  int on(Machines machines, String name) throws VmmException {
    try (MachineConnection machine = machines.connect(name)) {
      machine.kill();
      return ExitStatus.OK;
    }
  }
}
