package org.vivarium.app.cli;

import picocli.CommandLine.Command;

/** Snapshots of machines; its subcommands do the work. */
@Command(
    name = SnapshotCommand.NAME,
    description = "Keep what a stopped machine's disks hold and how it is defined, to go back to.",
    synopsisSubcommandLabel = "COMMAND",
    footer = {
      "",
      "Examples:",
      "  vivarium snapshot create web before-upgrade",
      "  vivarium snapshot ls web",
      "  vivarium snapshot restore web before-upgrade"
    })
final class SnapshotCommand extends GroupCommand {
  static final String NAME = "snapshot";
}
