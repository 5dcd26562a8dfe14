package org.vivarium.app.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.client.MachineConnection;
import org.vivarium.vmm.client.MachineConnection.Console;
import org.vivarium.vmm.client.MachineConnection.ConsoleConnection;
import org.vivarium.vmm.client.Machines;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Prints what a machine's serial console has shown. */
@Command(
    name = LogCommand.NAME,
    description = "Print what a machine's serial console has shown since its last start.",
    footer = {
      "",
      "Examples:",
      "  vivarium log web",
      "  vivarium log -f web              until the machine ends",
      "  vivarium log web --events        starts, ends and faults",
      "",
      "Exit status: 0 done; 1 it could not be; 2 bad input."
    })
final class LogCommand extends ShellCommand {
  static final String NAME = "log";

  @Parameters(paramLabel = "NAME", description = "The machine.")
  private String name = "";

  @Option(
      names = {"-f", "--follow"},
      description = "Go on while the machine runs.")
  private boolean follow;

  @Option(names = "--virtio", description = "The virtio console (hvc0) instead.")
  private boolean virtio;

  @Option(names = "--events", description = "What happened to the machine instead.")
  private boolean events;

  LogCommand(Shell shell) {
    super(shell);
  }

  @Override
  public Integer call() throws VmmException {
    if (events && (virtio || follow)) {
      throw new InvalidConfigException(
          "Option --events: it does not go with --follow or --virtio.");
    }
    Machines machines = shell.machines();
    boolean alive = isAlive(machines.find(name));
    if (follow && alive) {
      follow(machines);
    } else {
      String file = events ? "events.log" : virtio ? "console-virtio.log" : "console.log";
      Path folder = machines.folder(name).resolve("state");
      // The older part of a long log, where there is one, has .1 behind its name.
      boolean older = print(folder.resolve(file + ".1"));
      if (!print(folder.resolve(file)) && !older) {
        shell.note("Machine %s has not shown anything yet.".formatted(name));
      }
    }
    return ExitStatus.OK;
  }

  private void follow(Machines machines) throws VmmException {
    try (MachineConnection machine = machines.connect(name);
        ConsoleConnection console = machine.openConsole(virtio ? Console.VIRTIO : Console.SERIAL)) {
      new ConsoleView(shell.out(), ConsoleView.ALL).show(console);
    } catch (IOException e) {
      throw new VmmException(
          "The console of %s was cut off: %s.".formatted(name, Failures.reason(e)), e);
    }
  }

  private boolean print(Path file) throws VmmException {
    try {
      Files.copy(file, shell.out());
      shell.out().flush();
      return true;
    } catch (NoSuchFileException _) {
      return false;
    } catch (IOException e) {
      throw new VmmException(
          "The log %s cannot be read: %s.".formatted(file, Failures.reason(e)), e);
    }
  }
}
