package org.vivarium.app.cli;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.client.MachineConnection;
import org.vivarium.vmm.client.MachineSummary;
import org.vivarium.vmm.client.Machines;
import org.vivarium.vmm.client.MetricSample;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Shows what running machines cost. */
@Command(
    name = StatsCommand.NAME,
    description = {
      "Show what running machines use, anew each second until Ctrl-C: processor time of the guest"
          + " and of Vivarium for it, memory as the guest uses it and as this computer pays it, disks,"
          + " networks, VM exits.",
      "Where standard output is no terminal: once."
    },
    footer = {
      "",
      "Examples:",
      "  vivarium stats                   all that run",
      "  vivarium stats web               one, with its devices and its exits by reason",
      "  vivarium stats --once --json | jq '.memory.hostGuestRam'",
      "",
      "With --json: one object a line for each machine, rates in a second, bytes, processors.",
      "Exit status: 0 done; 1 it could not be; 2 bad input."
    })
final class StatsCommand extends ShellCommand {
  static final String NAME = "stats";

  private static final String HOME = "\u001b[H";
  private static final String CLEAR_LINE = "\u001b[K";
  private static final String CLEAR_BELOW = "\u001b[J";

  /** Samples are taken each second; the first two of a machine that has just begun take three. */
  private static final int TRIES = 30;

  private static final long TRY_MILLIS = 100;
  private static final long SECOND_MILLIS = 1000;

  /** How far back a single look goes for an earlier sample. */
  private static final long LOOK_BACK_MILLIS = 5000;

  @Parameters(arity = "0..*", paramLabel = "NAME", description = "The machines; default: all.")
  private List<String> names = List.of();

  @Option(names = "--once", description = "Print the figures once.")
  private boolean once;

  @Option(names = "--json", description = "Print them as JSON, one object a line.")
  private boolean json;

  StatsCommand(Shell shell) {
    super(shell);
  }

  @Override
  public Integer call() throws VmmException, InterruptedException {
    Machines machines = shell.machines();
    Map<String, MachineConnection> connections = connectAll(machines);
    try {
      if (connections.isEmpty()) {
        shell.note("No machine runs.");
      } else if (once || !shell.isWatched()) {
        print(look(connections));
      } else {
        watch(connections);
      }
      return ExitStatus.OK;
    } finally {
      connections.values().forEach(MachineConnection::close);
    }
  }

  private Map<String, MachineConnection> connectAll(Machines machines) throws VmmException {
    Map<String, MachineConnection> connections = new LinkedHashMap<>();
    List<String> chosen =
        names.isEmpty()
            ? machines.list().stream()
                .filter(ShellCommand::isAlive)
                .map(MachineSummary::name)
                .toList()
            : names.stream().distinct().toList();
    try {
      for (String name : chosen) {
        connections.put(name, machines.connect(name));
      }
      return connections;
    } catch (VmmException e) {
      connections.values().forEach(MachineConnection::close);
      throw e;
    }
  }

  /** Shows figures until the process is ended or no machine is left. */
  private void watch(Map<String, MachineConnection> connections) throws InterruptedException {
    if (!json) {
      shell.out().print(HOME + CLEAR_BELOW);
    }
    while (!connections.isEmpty()) {
      print(look(connections));
      shell.out().flush();
      Thread.sleep(SECOND_MILLIS);
    }
    shell.note("No machine runs any more.");
  }

  /** Looks at each machine; one that has ended meanwhile leaves the list. */
  private static List<MachineRates> look(Map<String, MachineConnection> connections)
      throws InterruptedException {
    List<MachineRates> rates = new ArrayList<>();
    Iterator<Map.Entry<String, MachineConnection>> each = connections.entrySet().iterator();
    while (each.hasNext()) {
      Map.Entry<String, MachineConnection> connection = each.next();
      try {
        MachineRates now = look(connection.getKey(), connection.getValue());
        if (now != null) {
          rates.add(now);
        }
      } catch (VmmException _) {
        connection.getValue().close();
        each.remove();
      }
    }
    return rates;
  }

  /** Rates between a machine's last two samples; null if it does not take any. */
  private static @Nullable MachineRates look(String name, MachineConnection machine)
      throws VmmException, InterruptedException {
    for (int tries = 0; tries < TRIES; tries++) {
      List<MetricSample> samples = machine.samples(System.currentTimeMillis() - LOOK_BACK_MILLIS);
      int count = samples.size();
      if (count >= 2) {
        return MachineRates.of(name, samples.get(count - 2), samples.get(count - 1));
      }
      Thread.sleep(TRY_MILLIS);
    }
    return null;
  }

  private void print(List<MachineRates> rates) {
    if (json) {
      rates.forEach(machine -> shell.out().println(StatsText.json(machine)));
      return;
    }
    List<String> lines = StatsText.lines(rates);
    if (once || !shell.isWatched()) {
      lines.forEach(shell.out()::println);
      return;
    }
    StringBuilder screen = new StringBuilder(HOME);
    lines.forEach(line -> screen.append(line).append(CLEAR_LINE).append(System.lineSeparator()));
    shell.out().print(screen.append(CLEAR_BELOW));
  }
}
