package org.vivarium.app.cli;

import org.vivarium.images.ImageException;
import org.vivarium.images.library.Templates;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Deletes a template. */
@Command(
    name = "rm",
    description =
        "Delete a template with its disks. Refused while disks of machines stand on them.",
    footer = {"", "Exit status: 0 done; 1 it could not be; 2 bad input."})
final class TemplateRmCommand extends ShellCommand {
  @Parameters(paramLabel = "NAME", description = "The template.")
  private String name = "";

  TemplateRmCommand(Shell shell) {
    super(shell);
  }

  @Override
  public Integer call() throws ImageException {
    new Templates(shell.home()).delete(name);
    return ExitStatus.OK;
  }
}
