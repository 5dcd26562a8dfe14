package org.vivarium.app.cli;

import java.io.IOException;
import org.vivarium.app.machines.Cloning;
import org.vivarium.images.ImageException;
import org.vivarium.vmm.VmmException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Makes a machine of a template. */
@Command(
    name = "clone",
    description = {
      "Make a machine of a template, with network addresses and an identity of its own.",
      "Its disks share what the template's hold; --full copies it."
    },
    footer = {"", "Exit status: 0 done; 1 it could not be; 2 bad input."})
final class TemplateCloneCommand extends ShellCommand {
  @Parameters(index = "0", paramLabel = "NAME", description = "The template.")
  private String name = "";

  @Parameters(index = "1", paramLabel = "NEW", description = "What the machine is called.")
  private String newName = "";

  @Option(names = "--full", description = "Copy the disks whole; nothing is shared.")
  private boolean full;

  TemplateCloneCommand(Shell shell) {
    super(shell);
  }

  @Override
  public Integer call() throws VmmException, ImageException {
    try (ProgressLine progress = shell.progress()) {
      new Cloning(shell.home(), shell.machines()).fromTemplate(name, newName, full, progress);
      return ExitStatus.OK;
    } catch (IOException e) {
      throw new VmmException(
          "Template %s cannot be cloned: %s.".formatted(name, Failures.reason(e)), e);
    }
  }
}
