package org.vivarium.app.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import java.util.List;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.client.MachineSummary;
import org.vivarium.vmm.definition.VmDefinition;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Lists machines. */
@Command(
    name = LsCommand.NAME,
    description = "List all machines.",
    footer = {
      "",
      "Examples:",
      "  vivarium ls",
      "  vivarium ls --json | jq -r '.[] | select(.state == \"running\") | .name'",
      "",
      "Exit status: 0 done; 1 they could not be listed; 2 bad input."
    })
final class LsCommand extends ShellCommand {
  static final String NAME = "ls";

  @Option(names = "--json", description = "Print them as JSON.")
  private boolean json;

  LsCommand(Shell shell) {
    super(shell);
  }

  @Override
  public Integer call() throws VmmException {
    List<MachineSummary> machines = shell.machines().list();
    if (json) {
      ArrayNode list = JsonText.array();
      machines.forEach(machine -> list.add(MachineText.json(machine)));
      shell.out().println(JsonText.pretty(list));
    } else if (machines.isEmpty()) {
      shell.note("There is no machine yet; 'vivarium create NAME' defines one.");
    } else {
      print(machines);
    }
    return ExitStatus.OK;
  }

  private void print(List<MachineSummary> machines) {
    TextTable table = new TextTable("NAME", "STATE", "ENGINE", ">CPUS", ">MEMORY", "GUEST", "");
    for (MachineSummary machine : machines) {
      String cpus = machine.definition().map(d -> String.valueOf(d.cpus())).orElse("-");
      String memory =
          machine.definition().map(VmDefinition::memoryMib).map(MachineText::memory).orElse("-");
      table.row(
          machine.name(),
          MachineText.state(machine.state()),
          machine.engine().orElse("-"),
          cpus,
          memory,
          machine.definition().map(d -> MachineText.guest(d.guest())).orElse("-"),
          machine.problem().orElse(""));
    }
    table.lines().forEach(shell.out()::println);
  }
}
