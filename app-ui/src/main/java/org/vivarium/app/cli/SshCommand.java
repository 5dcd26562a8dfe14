package org.vivarium.app.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.vivarium.images.ImageException;
import org.vivarium.images.catalog.CatalogueEntry;
import org.vivarium.images.ssh.SshAccess;
import org.vivarium.images.ssh.SshKeys;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.client.MachineSummary;
import org.vivarium.vmm.client.Machines;
import org.vivarium.vmm.config.NetBackend;
import org.vivarium.vmm.config.PortForward;
import org.vivarium.vmm.definition.GuestSource;
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
    String user = user(definition);
    if (!isAlive(machine)) {
      throw new VmmException(
          "Machine %s is not running; 'vivarium start %s' starts it.".formatted(name, name));
    }
    PortForward forward =
        SshForward.find(definition).orElseThrow(() -> new VmmException(noForward(definition)));
    Path program =
        Programs.find("ssh", shell.environment())
            .orElseThrow(
                () ->
                    new VmmException(
                        "This computer has no ssh; install with: apt-get install openssh-client."));
    SshKeys keys = SshKeys.of(shell.home());
    SshAccess access = SshAccess.of(user, forward.hostPort(), keys, machines.folder(name));
    return run(program, at(access, forward.hostAddress()).command(words));
  }

  /** Who logs in: only guests that Vivarium made let its key in. */
  private String user(VmDefinition definition) throws VmmException {
    if (definition.guest() instanceof GuestSource.Catalogue(String entry, String _)) {
      CatalogueEntry guest = Shell.entry(shell.catalogue(), entry);
      if (!guest.user().isEmpty()) {
        return guest.user();
      }
    }
    throw new VmmException(
        "The guest of machine %s has no ssh that lets you in; 'vivarium console %s' shows its console."
            .formatted(name, name));
  }

  private String noForward(VmDefinition definition) {
    boolean user =
        definition.devices().networks().stream()
            .anyMatch(card -> card.backend() instanceof NetBackend.User);
    return user
        ? "No port leads to port 22 of machine %s; 'vivarium net forward %s --add tcp:2222:22' makes one."
            .formatted(name, name)
        : "Machine %s has no card on the user network, which ssh goes through; create it with --net user,forward=tcp:2222:22."
            .formatted(name);
  }

  /** A wildcard address is listened on, not connected to. */
  private static SshAccess at(SshAccess access, String address) {
    String host =
        switch (address) {
          case "0.0.0.0" -> access.host();
          case "::" -> "::1";
          default -> address;
        };
    return new SshAccess(access.user(), host, access.port(), access.key(), access.knownHosts());
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
