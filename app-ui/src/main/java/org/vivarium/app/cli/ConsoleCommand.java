package org.vivarium.app.cli;

import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.client.MachineConnection;
import org.vivarium.vmm.client.MachineConnection.Console;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Shows a running machine's console. */
@Command(
    name = ConsoleCommand.NAME,
    description = {
      "Show a running machine's console in this terminal and type into it; Ctrl-] leaves it.",
      "It begins with what the console has shown since the machine's start. Several terminals may"
          + " show one console."
    },
    footer = {
      "",
      "Examples:",
      "  vivarium console web",
      "  vivarium console web --virtio",
      "  vivarium console web --tail 5",
      "",
      "Exit status: 0 you left it, or the machine was shut down; 1 it could not be shown; 2 bad",
      "input; 3 the guest failed."
    })
final class ConsoleCommand extends ShellCommand {
  static final String NAME = "console";

  @Parameters(paramLabel = "NAME", description = "The machine.")
  private String name = "";

  @Option(
      names = "--virtio",
      description = "The virtio console (hvc0) instead of the serial port (ttyS0).")
  private boolean virtio;

  @Option(
      names = "--tail",
      paramLabel = "LINES",
      description = "Begin with the last lines only; 0 begins with what comes.")
  private int tail = ConsoleView.ALL;

  ConsoleCommand(Shell shell) {
    super(shell);
  }

  @Override
  public Integer call() throws VmmException, InterruptedException {
    if (tail < ConsoleView.ALL) {
      throw new InvalidConfigException(
          "Option --tail: %d lines are not possible; choose 0 or more.".formatted(tail));
    }
    try (MachineConnection machine = shell.machines().connect(name)) {
      return new ConsoleSession(shell, machine, tail).run(virtio ? Console.VIRTIO : Console.SERIAL);
    }
  }
}
