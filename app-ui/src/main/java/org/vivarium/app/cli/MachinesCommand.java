package org.vivarium.app.cli;

import java.util.List;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.client.Machines;
import picocli.CommandLine.Parameters;

/** A command that does the same to each machine that it is given. */
abstract class MachinesCommand extends ShellCommand {
  @Parameters(arity = "1..*", paramLabel = "NAME", description = "The machines.")
  List<String> names = List.of();

  MachinesCommand(Shell shell) {
    super(shell);
  }

  /**
   * Does it to one.
   *
   * @return the exit status, one of {@link ExitStatus}
   */
  abstract int on(Machines machines, String name) throws VmmException, InterruptedException;

  @Override
  public Integer call() throws VmmException, InterruptedException {
    Machines machines = shell.machines();
    return EachMachine.inTurn(shell, names, name -> on(machines, name));
  }
}
