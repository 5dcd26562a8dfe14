package org.vivarium.app.cli;

import picocli.CommandLine.Command;

/** Machines that others are cloned from; its subcommands do the work. */
@Command(
    name = TemplateCommand.NAME,
    description = "Make templates of machines, list and delete them, and make machines of them.",
    synopsisSubcommandLabel = "COMMAND",
    footer = {
      "",
      "Examples:",
      "  vivarium template create deb",
      "  vivarium template clone deb web1",
      "  vivarium template ls"
    })
final class TemplateCommand extends GroupCommand {
  static final String NAME = "template";
}
