package org.vivarium.app.cli;

import picocli.AutoComplete;
import picocli.CommandLine.Command;

/** Prints a completion script. */
@Command(
    name = CompletionCommand.NAME,
    description =
        "Print a script that lets bash (and zsh) complete the words of this command line.",
    footer = {
      "",
      "Examples:",
      "  source <(vivarium completion)",
      "  vivarium completion > ~/.local/share/bash-completion/completions/vivarium",
      "",
      "Exit status: 0 done; 2 bad input."
    })
final class CompletionCommand extends ShellCommand {
  static final String NAME = "completion";

  CompletionCommand(Shell shell) {
    super(shell);
  }

  @Override
  public Integer call() {
    shell.out().print(AutoComplete.bash(VivariumCommand.NAME, Commands.all(shell)));
    return ExitStatus.OK;
  }
}
