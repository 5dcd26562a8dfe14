package org.vivarium.app.cli;

import java.util.List;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.client.MachineSummary;
import org.vivarium.vmm.client.Machines;
import org.vivarium.vmm.config.DiskConfig;
import org.vivarium.vmm.definition.VmDefinition;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Detaches a disk. */
@Command(
    name = "detach",
    description = {
      "Take a disk from a machine, at once if it runs, and for later starts; its file stays.",
      "A running guest is asked to let go of it; unmount it there first."
    },
    footer = {
      "",
      "Examples:",
      "  vivarium disk detach web disk1",
      "",
      "Exit status: 0 done; 1 it could not be; 2 bad input."
    })
final class DiskDetachCommand extends ShellCommand {
  @Parameters(paramLabel = "NAME", description = "The machine.")
  private String name = "";

  @Parameters(paramLabel = "DISK", description = "The disk's identifier, such as disk0.")
  private String id = "";

  DiskDetachCommand(Shell shell) {
    super(shell);
  }

  @Override
  public Integer call() throws VmmException {
    Machines machines = shell.machines();
    MachineSummary machine = machines.find(name);
    VmDefinition definition = definition(machine);
    DiskConfig disk = DiskCommand.disk(definition, id);
    List<DiskConfig> rest =
        definition.devices().disks().stream().filter(other -> !other.equals(disk)).toList();
    change(
        machines,
        machine,
        live -> live.detachDisk(disk.id()),
        Definitions.withDisks(definition, rest));
    return ExitStatus.OK;
  }
}
