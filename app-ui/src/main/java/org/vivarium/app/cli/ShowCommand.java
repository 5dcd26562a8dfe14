package org.vivarium.app.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.StringJoiner;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.client.MachineConnection;
import org.vivarium.vmm.client.MachineStatus;
import org.vivarium.vmm.client.MachineSummary;
import org.vivarium.vmm.client.Machines;
import org.vivarium.vmm.config.DeviceSet;
import org.vivarium.vmm.definition.VmDefinition;
import org.vivarium.vmm.engine.BootStage;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Shows one machine. */
@Command(
    name = ShowCommand.NAME,
    description = "Show a machine: what it is made of and, while it runs, how it is.",
    footer = {
      "",
      "Examples:",
      "  vivarium show web",
      "  vivarium show web --json | jq .status.pid",
      "",
      "Exit status: 0 done; 1 it could not be; 2 bad input."
    })
final class ShowCommand extends ShellCommand {
  static final String NAME = "show";

  private static final DateTimeFormatter WHEN =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss", Locale.ROOT);

  @Parameters(paramLabel = "NAME", description = "The machine.")
  private String name = "";

  @Option(names = "--json", description = "Print it as JSON.")
  private boolean json;

  ShowCommand(Shell shell) {
    super(shell);
  }

  @Override
  public Integer call() throws VmmException {
    Machines machines = shell.machines();
    MachineSummary machine = machines.find(name);
    Optional<MachineStatus> status = status(machines, machine);
    Path folder = machines.folder(name);
    if (json) {
      ObjectNode node = MachineText.json(machine).put("folder", folder.toString());
      node.set("status", status.map(MachineText::json).orElse(null));
      shell.out().println(JsonText.pretty(node));
    } else {
      List<String[]> lines = new ArrayList<>();
      add(lines, "Machine", machine.name() + ", " + MachineText.state(machine.state()));
      machine.problem().ifPresent(problem -> add(lines, "Problem", problem));
      machine.definition().ifPresent(definition -> add(lines, definition));
      status.ifPresent(now -> add(lines, now));
      add(lines, "Folder", folder.toString());
      print(lines);
    }
    return ExitStatus.OK;
  }

  private static Optional<MachineStatus> status(Machines machines, MachineSummary machine)
      throws VmmException {
    if (!isAlive(machine)) {
      return Optional.empty();
    }
    try (MachineConnection connection = machines.connect(machine.name())) {
      return Optional.of(connection.status());
    }
  }

  private static void add(List<String[]> lines, VmDefinition definition) {
    if (!definition.description().isEmpty()) {
      add(lines, "For", definition.description());
    }
    String memory = MachineText.memory(definition.memoryMib());
    add(lines, "Guest", MachineText.guest(definition.guest()));
    String commandLine = MachineText.commandLine(definition.guest());
    if (!commandLine.isEmpty()) {
      add(lines, "Command line", commandLine);
    }
    add(lines, "Processors", String.valueOf(definition.cpus()));
    add(lines, "Memory", memory);
    DeviceSet devices = definition.devices();
    devices.disks().forEach(d -> add(lines, "Disk " + d.id(), MachineText.disk(d)));
    devices.networks().forEach(c -> add(lines, "Card " + c.id(), MachineText.card(c)));
    StringJoiner others = new StringJoiner(", ");
    if (devices.rng()) {
      others.add("entropy");
    }
    if (devices.balloon()) {
      others.add("memory balloon");
    }
    if (devices.console()) {
      others.add("virtio console");
    }
    if (devices.vsock() != null) {
      others.add("vsock");
    }
    add(lines, "Other devices", others.length() == 0 ? "none" : others.toString());
    add(lines, "Autostart", definition.autostart() ? "yes" : "no");
  }

  private static void add(List<String[]> lines, MachineStatus status) {
    add(lines, "Engine", status.engineReason().replaceFirst("^Engine: ", ""));
    String since =
        WHEN.format(Instant.ofEpochMilli(status.startedMillis()).atZone(ZoneId.systemDefault()));
    add(lines, "Process", "%d, since %s".formatted(status.pid(), since));
    add(lines, "Confined by", status.confinedBy().orElse("nothing"));
    status.address().ifPresent(address -> add(lines, "Address", address));
    for (BootStage stage : BootStage.values()) {
      Long nanos = status.stages().get(stage);
      if (nanos != null) {
        String text =
            String.format(Locale.ROOT, "%s after %.0f ms", StageReport.name(stage), nanos / 1e6);
        add(lines, "Boot", text);
      }
    }
    status.problem().ifPresent(problem -> add(lines, "Trouble", problem));
  }

  private static void add(List<String[]> lines, String label, String text) {
    lines.add(new String[] {label, text});
  }

  private void print(List<String[]> lines) {
    int width = lines.stream().mapToInt(line -> line[0].length()).max().orElse(0);
    for (String[] line : lines) {
      shell.out().println(line[0] + " ".repeat(width - line[0].length() + 2) + line[1]);
    }
  }
}
