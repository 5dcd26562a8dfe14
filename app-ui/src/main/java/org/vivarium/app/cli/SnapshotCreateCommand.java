package org.vivarium.app.cli;

import java.io.IOException;
import org.vivarium.app.machines.MachineSnapshots;
import org.vivarium.images.ImageException;
import org.vivarium.vmm.VmmException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Takes a snapshot. */
@Command(
    name = "create",
    description = {
      "Take a snapshot of a stopped machine, in a moment and next to no space.",
      "It holds the disks that the machine writes to, which are qcow2 images in its folder."
    },
    footer = {
      "",
      "Examples:",
      "  vivarium snapshot create web before-upgrade",
      "  vivarium snapshot create web clean --note \"as installed\"",
      "",
      "Exit status: 0 done; 1 it could not be; 2 bad input."
    })
final class SnapshotCreateCommand extends SnapshotTask {
  @Parameters(
      index = "1",
      paramLabel = "SNAPSHOT",
      description = "What it is called: letters, digits, '.', '_' and '-'.")
  private String snapshot = "";

  @Option(names = "--note", paramLabel = "TEXT", description = "What it is for.")
  private String note = "";

  SnapshotCreateCommand(Shell shell) {
    super(shell);
  }

  @Override
  int on(MachineSnapshots snapshots) throws VmmException, ImageException, IOException {
    snapshots.take(name, snapshot, note);
    return ExitStatus.OK;
  }
}
