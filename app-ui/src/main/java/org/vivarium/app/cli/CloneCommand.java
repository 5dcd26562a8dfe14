package org.vivarium.app.cli;

import java.io.IOException;
import org.vivarium.app.machines.Cloning;
import org.vivarium.images.ImageException;
import org.vivarium.vmm.VmmException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Makes a machine like another. */
@Command(
    name = CloneCommand.NAME,
    description = {
      "Make a machine like a stopped one, with network addresses and an identity of its own.",
      "Both share what their disks hold now and keep apart what they write; --full copies it."
    },
    footer = {
      "",
      "Examples:",
      "  vivarium clone deb deb2",
      "  vivarium clone deb deb2 --full       needs nothing of deb's disks, and more space",
      "",
      "The new machine gets a port for ssh if the old one has; its other ports stay with the old.",
      "Exit status: 0 done; 1 it could not be; 2 bad input."
    })
final class CloneCommand extends ShellCommand {
  static final String NAME = "clone";

  @Parameters(index = "0", paramLabel = "NAME", description = "The machine, stopped.")
  private String name = "";

  @Parameters(index = "1", paramLabel = "NEW", description = "What the new one is called.")
  private String newName = "";

  @Option(names = "--full", description = "Copy the disks whole; nothing is shared.")
  private boolean full;

  CloneCommand(Shell shell) {
    super(shell);
  }

  @Override
  public Integer call() throws VmmException, ImageException {
    try (ProgressLine progress = shell.progress()) {
      new Cloning(shell.home(), shell.machines()).run(name, newName, full, progress);
      return ExitStatus.OK;
    } catch (IOException e) {
      throw new VmmException(
          "Machine %s cannot be cloned: %s.".formatted(name, Failures.reason(e)), e);
    }
  }
}
