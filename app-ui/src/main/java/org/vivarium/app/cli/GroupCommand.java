package org.vivarium.app.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** A command that only its subcommands do anything for. */
@Command(mixinStandardHelpOptions = true, versionProvider = VivariumCommand.Version.class)
abstract class GroupCommand implements Runnable {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public void run() {
    CommandLine line = spec.commandLine();
    throw new ParameterException(
        line,
        "Command '%s' needs one of its own: %s"
            .formatted(spec.qualifiedName(), String.join(", ", line.getSubcommands().keySet())));
  }
}
