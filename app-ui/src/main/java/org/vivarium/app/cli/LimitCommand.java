package org.vivarium.app.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.client.MachineSummary;
import org.vivarium.vmm.client.Machines;
import org.vivarium.vmm.config.DiskConfig;
import org.vivarium.vmm.config.NetConfig;
import org.vivarium.vmm.config.RateLimit;
import org.vivarium.vmm.definition.VmDefinition;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Limits a disk or a network card. */
@Command(
    name = LimitCommand.NAME,
    description = {
      "Limit what a disk or a network card may do in a second, at once and for later starts.",
      "Without an option it prints the limit as it is."
    },
    footer = {
      "",
      "Examples:",
      "  vivarium limit web disk0 --bytes 20M --operations 500",
      "  vivarium limit web net0 --bytes 1M",
      "  vivarium limit web disk0 --none",
      "",
      "Exit status: 0 done; 1 it could not be; 2 bad input."
    })
final class LimitCommand extends ShellCommand {
  static final String NAME = "limit";

  @Parameters(paramLabel = "NAME", description = "The machine.")
  private String name = "";

  @Parameters(
      paramLabel = "DEVICE",
      description = "The identifier of a disk or a card, as 'vivarium show NAME' tells it.")
  private String device = "";

  @Option(
      names = "--bytes",
      paramLabel = "SIZE",
      converter = MemorySize.class,
      description = "Bytes in a second, in each direction of a card; 0 is no limit.")
  private @Nullable Long bytes;

  @Option(
      names = "--operations",
      paramLabel = "N",
      description = "Requests or frames in a second; 0 is no limit.")
  private @Nullable Long operations;

  @Option(names = "--none", description = "Take both limits away.")
  private boolean none;

  LimitCommand(Shell shell) {
    super(shell);
  }

  @Override
  public Integer call() throws VmmException {
    if (none && (bytes != null || operations != null)) {
      throw new InvalidConfigException(
          "Option --none: it does not go with --bytes or --operations.");
    }
    Machines machines = shell.machines();
    MachineSummary machine = machines.find(name);
    VmDefinition definition = definition(machine);
    RateLimit now =
        limit(definition)
            .orElseThrow(
                () ->
                    new InvalidConfigException(
                        "Machine %s has no disk or card %s; 'vivarium show %s' lists them."
                            .formatted(name, device, name)));
    if (!none && bytes == null && operations == null) {
      shell.out().println(MachineText.limit(now));
      return ExitStatus.OK;
    }
    RateLimit next = none ? RateLimit.NONE : next(now);
    change(machines, machine, live -> live.setLimit(device, next), with(definition, next));
    return ExitStatus.OK;
  }

  private RateLimit next(RateLimit now) throws InvalidConfigException {
    Long newBytes = bytes;
    Long newOperations = operations;
    return RateLimit.of(
        newBytes == null ? now.bytesPerSecond() : newBytes,
        newOperations == null ? now.operationsPerSecond() : newOperations);
  }

  private Optional<RateLimit> limit(VmDefinition definition) {
    Optional<RateLimit> disk =
        definition.devices().disks().stream()
            .filter(d -> d.id().equals(device))
            .map(DiskConfig::limit)
            .findFirst();
    return disk.or(
        () ->
            definition.devices().networks().stream()
                .filter(c -> c.id().equals(device))
                .map(NetConfig::limit)
                .findFirst());
  }

  private VmDefinition with(VmDefinition definition, RateLimit limit) {
    List<DiskConfig> disks = new ArrayList<>();
    for (DiskConfig d : definition.devices().disks()) {
      disks.add(d.id().equals(device) ? d.withLimit(limit) : d);
    }
    List<NetConfig> cards = new ArrayList<>();
    for (NetConfig c : definition.devices().networks()) {
      cards.add(
          c.id().equals(device)
              ? new NetConfig(c.id(), c.backend(), c.mac(), c.linkUp(), limit)
              : c);
    }
    return Definitions.withNetworks(Definitions.withDisks(definition, disks), cards);
  }
}
