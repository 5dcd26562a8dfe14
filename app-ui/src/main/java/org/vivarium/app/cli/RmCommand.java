package org.vivarium.app.cli;

import java.util.List;
import org.vivarium.app.machines.Removal;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.client.MachineConnection;
import org.vivarium.vmm.client.MachineSummary;
import org.vivarium.vmm.client.Machines;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Deletes machines. */
@Command(
    name = RmCommand.NAME,
    description = {
      "Delete stopped machines with their folders: definition, console log and the disks in them.",
      "Disks elsewhere stay; a machine whose disks others stand on is not deleted. Asks once at a terminal."
    },
    footer = {
      "",
      "Examples:",
      "  vivarium rm web",
      "  vivarium rm --force web db       without asking, and even if they run",
      "",
      "Exit status: 0 done; 1 one could not be deleted, or you said no; 2 bad input."
    })
final class RmCommand extends MachinesCommand {
  static final String NAME = "rm";

  @Option(
      names = {"-f", "--force"},
      description = "Do not ask, and force a machine off that runs.")
  private boolean force;

  RmCommand(Shell shell) {
    super(shell);
  }

  @Override
  public Integer call() throws VmmException, InterruptedException {
    List<String> chosen = names.stream().distinct().toList();
    if (!force) {
      if (!shell.canAsk()) {
        throw new InvalidConfigException(
            "Option --force: without it, rm asks first, and here is no terminal to ask at.");
      }
      Machines machines = shell.machines();
      for (String name : chosen) {
        if (isAlive(machines.find(name))) {
          throw new VmmException(
              "Machine %s runs; 'vivarium stop %s' first, or give --force.".formatted(name, name));
        }
      }
      String what = chosen.size() == 1 ? "its folder" : "their folders";
      if (!Question.yes(shell, "Delete %s with %s?".formatted(String.join(", ", chosen), what))) {
        shell.note("Nothing was deleted.");
        return ExitStatus.FAILED;
      }
    }
    return super.call();
  }

  @Override
  int on(Machines machines, String name) throws VmmException {
    MachineSummary machine = machines.find(name);
    Removal removal = new Removal(shell.home(), machines);
    removal.check(name);
    if (force && isAlive(machine)) {
      try (MachineConnection running = machines.connect(name)) {
        running.kill();
      }
    }
    removal.delete(name);
    return ExitStatus.OK;
  }
}
