package org.vivarium.app.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import java.io.IOException;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import org.vivarium.app.machines.MachineSnapshots;
import org.vivarium.images.ImageException;
import org.vivarium.images.library.Snapshots;
import org.vivarium.images.library.Snapshots.Snapshot;
import org.vivarium.vmm.VmmException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Lists snapshots. */
@Command(
    name = "ls",
    description = {
      "List a machine's snapshots, oldest first, and what each takes on this computer."
    },
    footer = {
      "",
      "Examples:",
      "  vivarium snapshot ls web",
      "  vivarium snapshot ls web --json | jq -r '.[].name'",
      "",
      "Exit status: 0 done; 1 it could not be; 2 bad input."
    })
final class SnapshotLsCommand extends SnapshotTask {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm", Locale.ROOT).withZone(ZoneId.systemDefault());

  @Option(names = "--json", description = "Print them as JSON.")
  private boolean json;

  SnapshotLsCommand(Shell shell) {
    super(shell);
  }

  @Override
  int on(MachineSnapshots snapshots) throws VmmException, ImageException, IOException {
    ArrayNode list = JsonText.array();
    TextTable table = new TextTable("SNAPSHOT", "TAKEN", ">ON DISK", "NOTE");
    for (Snapshot one : snapshots.list(name)) {
      long bytes = Snapshots.bytes(one);
      list.addObject()
          .put("name", one.name())
          .put("taken", one.taken().toString())
          .put("bytesOnDisk", bytes)
          .put("note", one.note());
      table.row(one.name(), TIME.format(one.taken()), Amounts.bytes(bytes), one.note());
    }
    if (json) {
      shell.out().println(JsonText.pretty(list));
    } else {
      table.lines().forEach(shell.out()::println);
    }
    return ExitStatus.OK;
  }
}
