package org.vivarium.app.cli;

import org.vivarium.app.machines.Templating;
import org.vivarium.vmm.VmmException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Makes a template of a machine. */
@Command(
    name = "create",
    description = {
      "Turn a stopped machine into a template of the same name; the machine is gone then.",
      "Its disks become read-only, and what made it that one machine is deleted."
    },
    footer = {"", "Exit status: 0 done; 1 it could not be; 2 bad input."})
final class TemplateCreateCommand extends ShellCommand {
  @Parameters(paramLabel = "NAME", description = "The machine, stopped.")
  private String name = "";

  TemplateCreateCommand(Shell shell) {
    super(shell);
  }

  @Override
  public Integer call() throws VmmException {
    new Templating(shell.home(), shell.machines()).create(name);
    return ExitStatus.OK;
  }
}
