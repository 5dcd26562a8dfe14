package org.vivarium.app.cli;

import java.time.Duration;
import java.util.List;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.client.MachineConnection;
import org.vivarium.vmm.client.MachineSummary;
import org.vivarium.vmm.client.Machines;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Shuts machines down. */
@Command(
    name = StopCommand.NAME,
    description = {
      "Shut machines down: press the power button and wait for the guest.",
      "One that still runs after the timeout is forced off."
    },
    footer = {
      "",
      "Examples:",
      "  vivarium stop web",
      "  vivarium stop web db --timeout 120",
      "  vivarium stop --all",
      "",
      "Exit status: 0 shut down; 1 one could not be; 2 bad input; 3 one had to be forced off."
    })
final class StopCommand extends ShellCommand {
  static final String NAME = "stop";

  /** Seconds that a guest has for its shutdown if nobody says otherwise. */
  static final int DEFAULT_TIMEOUT = 60;

  @Parameters(arity = "0..*", paramLabel = "NAME", description = "The machines.")
  private List<String> names = List.of();

  @Option(names = "--all", description = "All machines that run.")
  private boolean all;

  @Option(
      names = "--timeout",
      paramLabel = "SECONDS",
      defaultValue = "" + DEFAULT_TIMEOUT,
      description = "How long each guest has. Default: " + DEFAULT_TIMEOUT + ".")
  private int timeout;

  StopCommand(Shell shell) {
    super(shell);
  }

  @Override
  public Integer call() throws VmmException, InterruptedException {
    if (all == !names.isEmpty()) {
      throw new InvalidConfigException("Name the machines to stop, or give --all.");
    }
    int patience = seconds(timeout);
    Machines machines = shell.machines();
    List<String> chosen = all ? alive(machines) : names;
    if (chosen.isEmpty()) {
      shell.note("No machine runs.");
    }
    return EachMachine.together(shell, chosen, name -> stop(shell, machines, name, patience));
  }

  private static List<String> alive(Machines machines) throws VmmException {
    return machines.list().stream()
        .filter(ShellCommand::isAlive)
        .map(MachineSummary::name)
        .toList();
  }

  /** Checks what {@code --timeout} was given. */
  static int seconds(int timeout) throws InvalidConfigException {
    if (timeout < 0) {
      throw new InvalidConfigException(
          "Option --timeout: %d seconds is not possible; choose 0 or more.".formatted(timeout));
    }
    return timeout;
  }

  /** Shuts one machine down, and says so if that took force. */
  static int stop(Shell shell, Machines machines, String name, int timeout)
      throws VmmException, InterruptedException {
    try (MachineConnection machine = machines.connect(name)) {
      if (machine.shutDown(Duration.ofSeconds(timeout))) {
        return ExitStatus.OK;
      }
      shell.note(
          "Machine %s did not shut down within %d s; it was forced off.".formatted(name, timeout));
      return ExitStatus.GUEST_FAILED;
    }
  }
}
