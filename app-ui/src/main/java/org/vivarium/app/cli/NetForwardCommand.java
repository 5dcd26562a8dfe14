package org.vivarium.app.cli;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.client.MachineSummary;
import org.vivarium.vmm.client.Machines;
import org.vivarium.vmm.config.NetBackend;
import org.vivarium.vmm.config.NetConfig;
import org.vivarium.vmm.config.PortForward;
import org.vivarium.vmm.definition.VmDefinition;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Forwards ports of this computer into a guest. */
@Command(
    name = "forward",
    description = {
      "Forward ports of this computer to the guest, on a card of the user network.",
      "Without an option it lists them."
    },
    footer = {
      "",
      "Examples:",
      "  vivarium net forward web --add tcp:8080:80 --add tcp:127.0.0.1:2222:22",
      "  vivarium net forward web --remove tcp:8080:80",
      "  vivarium net forward web",
      "",
      "Exit status: 0 done; 1 it could not be; 2 bad input."
    })
final class NetForwardCommand extends ShellCommand {
  @Parameters(paramLabel = "NAME", description = "The machine.")
  private String name = "";

  @Option(
      names = "--add",
      paramLabel = ForwardOption.LABEL,
      description =
          "A port of this computer and the guest's port it leads to. PROTO: tcp or udp. ADDRESS:"
              + " this computer's; default: 127.0.0.1.")
  private List<String> add = List.of();

  @Option(
      names = "--remove",
      paramLabel = ForwardOption.LABEL,
      description = "A forwarded port that shall be no more.")
  private List<String> remove = List.of();

  @Option(
      names = "--card",
      paramLabel = "ID",
      description = "Which card; may be left out where there is one.")
  private @Nullable String card;

  NetForwardCommand(Shell shell) {
    super(shell);
  }

  @Override
  public Integer call() throws VmmException {
    Machines machines = shell.machines();
    MachineSummary machine = machines.find(name);
    VmDefinition definition = definition(machine);
    NetConfig found = NetCommand.card(definition, card);
    if (!(found.backend() instanceof NetBackend.User(List<PortForward> now))) {
      throw new InvalidConfigException(
          "Card %s of machine %s is not on the user network, which alone forwards ports."
              .formatted(found.id(), name));
    }
    if (add.isEmpty() && remove.isEmpty()) {
      now.forEach(forward -> shell.out().println(ForwardOption.text(forward)));
      return ExitStatus.OK;
    }
    List<PortForward> next = next(now);
    NetBackend backend = new NetBackend.User(next);
    change(
        machines,
        machine,
        live -> live.setForwards(found.id(), next),
        NetCommand.with(
            definition,
            found.id(),
            c -> new NetConfig(c.id(), backend, c.mac(), c.linkUp(), c.limit())));
    return ExitStatus.OK;
  }

  private List<PortForward> next(List<PortForward> now) throws InvalidConfigException {
    List<PortForward> next = new ArrayList<>(now);
    for (String text : remove) {
      if (!next.remove(ForwardOption.parse("Option --remove", text))) {
        throw new InvalidConfigException(
            "Option --remove: %s is not forwarded; 'vivarium net forward %s' lists what is."
                .formatted(text, name));
      }
    }
    for (String text : add) {
      PortForward forward = ForwardOption.parse("Option --add", text);
      if (!next.contains(forward)) {
        next.add(forward);
      }
    }
    return List.copyOf(next);
  }
}
