package org.vivarium.app.cli;

import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.client.MachineConnection;
import org.vivarium.vmm.client.Machines;
import picocli.CommandLine.Command;

/** Pauses machines. */
@Command(
    name = PauseCommand.NAME,
    description =
        "Stop the processors of machines between two instructions; memory and devices are kept.",
    footer = {
      "",
      "Examples:",
      "  vivarium pause web",
      "  vivarium pause web db",
      "",
      "Exit status: 0 done; 1 one could not be; 2 bad input."
    })
final class PauseCommand extends MachinesCommand {
  static final String NAME = "pause";

  PauseCommand(Shell shell) {
    super(shell);
  }

  @Override
  int on(Machines machines, String name) throws VmmException {
    try (MachineConnection machine = machines.connect(name)) {
      machine.pause();
      return ExitStatus.OK;
    }
  }
}
