package org.vivarium.app.cli;

import java.io.IOException;
import org.vivarium.app.machines.MachineSnapshots;
import org.vivarium.images.ImageException;
import org.vivarium.vmm.VmmException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Deletes a snapshot. */
@Command(
    name = "rm",
    description = {
      "Delete a snapshot; the machine keeps what it has, and may run.",
      "Space that later snapshots or the disks still stand on comes back with them."
    },
    footer = {
      "",
      "Examples:",
      "  vivarium snapshot rm web before-upgrade",
      "",
      "Exit status: 0 done; 1 it could not be; 2 bad input."
    })
final class SnapshotRmCommand extends SnapshotTask {
  @Parameters(index = "1", paramLabel = "SNAPSHOT", description = "The snapshot.")
  private String snapshot = "";

  SnapshotRmCommand(Shell shell) {
    super(shell);
  }

  @Override
  int on(MachineSnapshots snapshots) throws VmmException, ImageException, IOException {
    snapshots.remove(name, snapshot);
    return ExitStatus.OK;
  }
}
