package org.vivarium.app.cli;

import org.jspecify.annotations.Nullable;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.client.MachineSummary;
import org.vivarium.vmm.client.Machines;
import org.vivarium.vmm.config.NetConfig;
import org.vivarium.vmm.definition.VmDefinition;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Plugs or unplugs a network card's cable. */
@Command(
    name = "link",
    description = "Plug or unplug a network card's cable.",
    footer = {
      "",
      "Examples:",
      "  vivarium net link web down",
      "  vivarium net link web up --card net1",
      "",
      "Exit status: 0 done; 1 it could not be; 2 bad input."
    })
final class NetLinkCommand extends ShellCommand {
  /** What a link can be; the names are those of the command line. */
  enum Link {
    UP,
    DOWN
  }

  @Parameters(paramLabel = "NAME", description = "The machine.")
  private String name = "";

  @Parameters(paramLabel = "up|down", description = "Whether the cable is plugged in.")
  private Link link = Link.UP;

  @Option(
      names = "--card",
      paramLabel = "ID",
      description = "Which card; may be left out where there is one.")
  private @Nullable String card;

  NetLinkCommand(Shell shell) {
    super(shell);
  }

  @Override
  public Integer call() throws VmmException {
    boolean up = link == Link.UP;
    Machines machines = shell.machines();
    MachineSummary machine = machines.find(name);
    VmDefinition definition = definition(machine);
    String id = NetCommand.card(definition, card).id();
    VmDefinition next =
        NetCommand.with(
            definition, id, c -> new NetConfig(c.id(), c.backend(), c.mac(), up, c.limit()));
    change(machines, machine, live -> live.setLink(id, up), next);
    return ExitStatus.OK;
  }
}
