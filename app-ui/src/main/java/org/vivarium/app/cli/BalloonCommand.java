package org.vivarium.app.cli;

import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.client.MachineConnection;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Asks a guest for memory. */
@Command(
    name = BalloonCommand.NAME,
    description = {
      "Ask the guest of a running machine to give memory back, until SIZE is left to it; it can have"
          + " it again by a larger SIZE, up to all of the machine's memory.",
      "The guest needs a driver of the memory balloon, and gives what it can spare. The next start"
          + " begins with all of the memory."
    },
    footer = {
      "",
      "Examples:",
      "  vivarium balloon web 128M",
      "  vivarium stats web               shows what came of it",
      "",
      "Exit status: 0 the guest was asked; 1 it could not be; 2 bad input."
    })
final class BalloonCommand extends ShellCommand {
  static final String NAME = "balloon";

  @Parameters(paramLabel = "NAME", description = "The machine.")
  private String name = "";

  @Parameters(
      paramLabel = "SIZE",
      converter = MemorySize.class,
      description = "Memory that is left to the guest, such as 128M.")
  private long size;

  BalloonCommand(Shell shell) {
    super(shell);
  }

  @Override
  public Integer call() throws VmmException {
    try (MachineConnection machine = shell.machines().connect(name)) {
      machine.setBalloonTarget(size);
      return ExitStatus.OK;
    }
  }
}
