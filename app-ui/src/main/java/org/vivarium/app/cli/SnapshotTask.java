package org.vivarium.app.cli;

import java.io.IOException;
import org.vivarium.app.machines.MachineSnapshots;
import org.vivarium.images.ImageException;
import org.vivarium.vmm.VmmException;
import picocli.CommandLine.Parameters;

/** A command about a machine's snapshots. */
abstract class SnapshotTask extends ShellCommand {
  @Parameters(index = "0", paramLabel = "NAME", description = "The machine.")
  String name = "";

  SnapshotTask(Shell shell) {
    super(shell);
  }

  abstract int on(MachineSnapshots snapshots) throws VmmException, ImageException, IOException;

  @Override
  public Integer call() throws VmmException, ImageException {
    try {
      return on(new MachineSnapshots(shell.home(), shell.machines()));
    } catch (IOException e) {
      throw new VmmException(
          "The snapshots of machine %s: %s.".formatted(name, Failures.reason(e)), e);
    }
  }
}
