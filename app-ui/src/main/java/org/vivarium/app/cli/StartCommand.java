package org.vivarium.app.cli;

import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.client.MachineConnection;
import org.vivarium.vmm.client.MachineConnection.Console;
import org.vivarium.vmm.client.Machines;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Starts machines. */
@Command(
    name = StartCommand.NAME,
    description = {
      "Start machines, each in a process of its own that lives on when this terminal closes.",
      "A guest that is not there yet is built first."
    },
    footer = {
      "",
      "Examples:",
      "  vivarium start web",
      "  vivarium start web db",
      "  vivarium start web --attach      with its console in this terminal; Ctrl-] leaves it",
      "",
      "Exit status: 0 done; 1 one could not be started; 2 bad input; 3 with --attach: the guest",
      "failed."
    })
final class StartCommand extends MachinesCommand {
  static final String NAME = "start";

  @Option(names = "--attach", description = "Show the machine's console and type into it.")
  private boolean attach;

  StartCommand(Shell shell) {
    super(shell);
  }

  @Override
  public Integer call() throws VmmException, InterruptedException {
    if (attach && names.size() > 1) {
      throw new InvalidConfigException(
          "Option --attach: a terminal shows one console; name one machine.");
    }
    return super.call();
  }

  @Override
  int on(Machines machines, String name) throws VmmException, InterruptedException {
    try (MachineConnection machine = start(shell, machines, name)) {
      return attach
          ? new ConsoleSession(shell, machine, ConsoleView.ALL).run(Console.SERIAL)
          : ExitStatus.OK;
    }
  }

  /** Starts a machine and says which engine runs it, and why. */
  static MachineConnection start(Shell shell, Machines machines, String name) throws VmmException {
    machines.find(name);
    MachineConnection machine;
    try (ProgressLine progress = shell.progress()) {
      machine = machines.start(name, progress);
    }
    try {
      shell.note(machine.status().engineReason());
    } catch (VmmException e) {
      machine.close();
      throw e;
    }
    return machine;
  }
}
