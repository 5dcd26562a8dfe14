package org.vivarium.app.cli;

import java.nio.file.Path;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.config.DiskConfig;
import org.vivarium.vmm.config.RateLimit;
import org.vivarium.vmm.definition.VmDefinition;
import picocli.CommandLine.Command;

/** Disks of machines, and disk images; its subcommands do the work. */
@Command(
    name = DiskCommand.NAME,
    description = "Make disk images, and attach, detach and resize the disks of machines.",
    synopsisSubcommandLabel = "COMMAND",
    footer = {
      "",
      "Examples:",
      "  vivarium disk create data.qcow2 20G",
      "  vivarium disk attach web data.qcow2",
      "  vivarium disk resize web disk1 40G"
    })
final class DiskCommand extends GroupCommand {
  static final String NAME = "disk";

  /** Finds a machine's disk. */
  static DiskConfig disk(VmDefinition definition, String id) throws InvalidConfigException {
    for (DiskConfig disk : definition.devices().disks()) {
      if (disk.id().equals(id)) {
        return disk;
      }
    }
    throw new InvalidConfigException(
        "Machine %s has no disk %s; 'vivarium show %s' lists them."
            .formatted(definition.name(), id, definition.name()));
  }

  /** A file that is nobody's disk yet. */
  static DiskConfig file(Path file) {
    return new DiskConfig(NAME, file.toAbsolutePath().normalize(), null, false, "", RateLimit.NONE);
  }
}
