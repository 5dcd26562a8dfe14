package org.vivarium.app.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.vivarium.app.machines.SshLogin;
import org.vivarium.images.ImageException;
import org.vivarium.images.ssh.SshAccess;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.client.MachineSummary;
import org.vivarium.vmm.client.Machines;
import org.vivarium.vmm.definition.VmDefinition;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Logs in to a machine, or runs a command there, with this computer's ssh. */
@Command(
    name = SshCommand.NAME,
    description = {
      "Log in to a running machine by ssh, or run a command there.",
      "The guest lets in your own key, which Vivarium keeps; your ssh settings are not used."
    },
    footer = {
      "",
      "Examples:",
      "  vivarium ssh deb",
      "  vivarium ssh deb uname -a",
      "  tar c src | vivarium ssh deb tar x",
      "",
      "Exit status: the command's own; 255 if ssh fails; 1 it could not be started; 2 bad input."
    })
final class SshCommand extends ShellCommand {
  static final String NAME = "ssh";

  @Parameters(index = "0", paramLabel = "NAME", description = "The machine.")
  private String name = "";

  @Parameters(index = "1..*", paramLabel = "COMMAND", description = "What to run there.")
  private List<String> words = List.of();

  SshCommand(Shell shell) {
    super(shell);
  }

  /** What follows the machine is the command's, also what begins with "-". */
  @Spec
  void parse(CommandSpec spec) {
    spec.parser().stopAtPositional(true);
  }

  @Override
  public Integer call() throws VmmException, ImageException, InterruptedException {
    Machines machines = shell.machines();
    MachineSummary machine = machines.find(name);
    VmDefinition definition = definition(machine);
    SshAccess access =
        SshLogin.find(shell.home(), definition, machines.folder(name), shell.environment());
    if (!isAlive(machine)) {
      throw new VmmException(
          "Machine %s is not running; 'vivarium start %s' starts it.".formatted(name, name));
    }
    Path program =
        Programs.find("ssh", shell.environment())
            .orElseThrow(
                () ->
                    new VmmException(
                        "This computer has no ssh; install with: apt-get install openssh-client."));
    return run(program, access.command(words));
  }

  private static int run(Path program, List<String> command)
      throws VmmException, InterruptedException {
    List<String> line = new ArrayList<>(command);
    line.set(0, program.toString());
    try {
      return new ProcessBuilder(line).inheritIO().start().waitFor();
    } catch (IOException e) {
      throw new VmmException(
          "The program %s cannot be started: %s.".formatted(program, Failures.reason(e)), e);
    }
  }
}
