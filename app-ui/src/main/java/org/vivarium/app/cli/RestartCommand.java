package org.vivarium.app.cli;

import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.client.MachineConnection;
import org.vivarium.vmm.client.Machines;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Restarts machines. */
@Command(
    name = RestartCommand.NAME,
    description = {
      "Shut machines down and start them again, so that changed definitions hold.",
      "A guest that does not shut down is forced off."
    },
    footer = {
      "",
      "Examples:",
      "  vivarium restart web",
      "  vivarium restart web --reset     press the reset button; the guest saves nothing",
      "",
      "Exit status: 0 done; 1 one could not be; 2 bad input; 3 one had to be forced off."
    })
final class RestartCommand extends MachinesCommand {
  static final String NAME = "restart";

  @Option(
      names = "--reset",
      description = "Press the reset button instead: at once, with the definition as it started.")
  private boolean reset;

  @Option(
      names = "--timeout",
      paramLabel = "SECONDS",
      defaultValue = "" + StopCommand.DEFAULT_TIMEOUT,
      description = "How long each guest has. Default: " + StopCommand.DEFAULT_TIMEOUT + ".")
  private int timeout;

  RestartCommand(Shell shell) {
    super(shell);
  }

  @Override
  int on(Machines machines, String name) throws VmmException, InterruptedException {
    if (reset) {
      try (MachineConnection machine = machines.connect(name)) {
        machine.reset();
        return ExitStatus.OK;
      }
    }
    int status = StopCommand.stop(shell, machines, name, StopCommand.seconds(timeout));
    try (MachineConnection _ = StartCommand.start(shell, machines, name)) {
      return status;
    }
  }
}
