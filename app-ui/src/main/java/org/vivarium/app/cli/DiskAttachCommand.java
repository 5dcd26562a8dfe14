package org.vivarium.app.cli;

import java.util.ArrayList;
import java.util.List;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.client.MachineSummary;
import org.vivarium.vmm.client.Machines;
import org.vivarium.vmm.config.DiskConfig;
import org.vivarium.vmm.definition.VmDefinition;
import org.vivarium.vmm.disk.DiskOpener;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Attaches a disk. */
@Command(
    name = "attach",
    description = {
      "Attach a disk to a machine, at once if it runs, and for later starts.",
      "Prints the identifier by which other commands know the disk."
    },
    footer = {
      "",
      "Examples:",
      "  vivarium disk attach web data.qcow2",
      "  vivarium disk attach web seed.iso,ro,serial=SEED",
      "",
      "Exit status: 0 done; 1 it could not be; 2 bad input."
    })
final class DiskAttachCommand extends ShellCommand {
  @Parameters(paramLabel = "NAME", description = "The machine.")
  private String name = "";

  @Parameters(
      paramLabel = DiskOption.LABEL,
      description = "A disk image or block device. Words: " + DiskOption.WORDS)
  private String text = "";

  DiskAttachCommand(Shell shell) {
    super(shell);
  }

  @Override
  public Integer call() throws VmmException {
    Machines machines = shell.machines();
    MachineSummary machine = machines.find(name);
    VmDefinition definition = definition(machine);
    DiskConfig disk = DiskOption.parse(text, Definitions.deviceIds(definition));
    DiskOpener.formatOf(disk);
    List<DiskConfig> disks = new ArrayList<>(definition.devices().disks());
    disks.add(disk);
    change(
        machines, machine, live -> live.attachDisk(disk), Definitions.withDisks(definition, disks));
    shell.out().println(disk.id());
    return ExitStatus.OK;
  }
}
