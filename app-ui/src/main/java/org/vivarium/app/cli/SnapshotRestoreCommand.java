package org.vivarium.app.cli;

import java.io.IOException;
import org.vivarium.app.machines.MachineSnapshots;
import org.vivarium.images.ImageException;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.VmmException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Goes back to a snapshot. */
@Command(
    name = "restore",
    description = {
      "Give a stopped machine the disks and the definition of a snapshot.",
      "What its disks hold now is lost, unless you take a snapshot first. Asks once at a terminal."
    },
    footer = {
      "",
      "Examples:",
      "  vivarium snapshot restore web before-upgrade",
      "  vivarium snapshot restore --force web before-upgrade       without asking",
      "",
      "Exit status: 0 done; 1 it could not be; 2 bad input."
    })
final class SnapshotRestoreCommand extends SnapshotTask {
  @Parameters(index = "1", paramLabel = "SNAPSHOT", description = "The snapshot.")
  private String snapshot = "";

  @Option(
      names = {"-f", "--force"},
      description = "Do not ask.")
  private boolean force;

  SnapshotRestoreCommand(Shell shell) {
    super(shell);
  }

  @Override
  int on(MachineSnapshots snapshots) throws VmmException, ImageException, IOException {
    if (!force) {
      if (!shell.canAsk()) {
        throw new InvalidConfigException(
            "Option --force: without it, restore asks first, and here is no terminal to ask at.");
      }
      if (!Question.yes(shell, "Lose what the disks of %s hold now?".formatted(name))) {
        shell.note("Nothing was changed.");
        return ExitStatus.FAILED;
      }
    }
    snapshots.restore(name, snapshot);
    return ExitStatus.OK;
  }
}
