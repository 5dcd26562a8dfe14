package org.vivarium.app.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import org.vivarium.images.ImageException;
import org.vivarium.images.catalog.Catalogue;
import org.vivarium.images.catalog.CatalogueEntry;
import org.vivarium.images.catalog.EntryState;
import org.vivarium.vmm.VmmException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Lists the guests of the catalogue. */
@Command(
    name = CatalogueCommand.NAME,
    description = {
      "List the guests that machines are made of; make or delete their images.",
      "'vivarium " + CatalogueCommand.ALIAS + "' is the same."
    },
    footer = {
      "",
      "Examples:",
      "  vivarium catalogue",
      "  vivarium catalogue --json | jq -r '.[] | select(.ready) | .id'",
      "  vivarium catalogue show ubuntu-24.04",
      "  vivarium catalogue prepare debian-12",
      "  vivarium catalogue rm debian-12",
      "  vivarium catalogue prune",
      "",
      "Exit status: 0 done; 1 they could not be listed; 2 bad input."
    })
final class CatalogueCommand extends ShellCommand {
  static final String NAME = "catalogue";
  static final String ALIAS = "images";

  @Option(names = "--json", description = "Print them as JSON.")
  private boolean json;

  CatalogueCommand(Shell shell) {
    super(shell);
  }

  @Override
  public Integer call() throws VmmException, ImageException {
    Catalogue catalogue = shell.catalogue();
    if (json) {
      printJson(catalogue);
    } else {
      print(catalogue);
    }
    catalogue.problems().forEach(shell::note);
    return ExitStatus.OK;
  }

  private void print(Catalogue catalogue) throws VmmException, ImageException {
    TextTable table = new TextTable("GUEST", "STATE", ">ON DISK", "LOG-IN");
    for (CatalogueEntry entry : catalogue.entries()) {
      EntryState state = catalogue.state(entry);
      table.row(
          entry.id(),
          state.ready() ? "ready" : "not built",
          Amounts.bytes(state.bytesOnDisk()),
          entry.login());
    }
    table.lines().forEach(shell.out()::println);
    noteUnneeded();
  }

  private void noteUnneeded() throws VmmException {
    long unneeded;
    try {
      unneeded = CataloguePruneCommand.Unneeded.find(shell).total();
    } catch (ImageException _) {
      // A disk that cannot be read is no reason to list nothing; "prune" names it.
      return;
    }
    if (unneeded > 0) {
      shell.note(
          "Nothing needs %s more: 'vivarium images prune' deletes it."
              .formatted(Amounts.bytes(unneeded)));
    }
  }

  private void printJson(Catalogue catalogue) throws ImageException {
    ArrayNode list = JsonText.array();
    for (CatalogueEntry entry : catalogue.entries()) {
      EntryState state = catalogue.state(entry);
      list.addObject()
          .put("id", entry.id())
          .put("title", entry.title())
          .put("description", entry.description())
          .put("ready", state.ready())
          .put("bytesOnDisk", state.bytesOnDisk())
          .put("cpus", entry.defaults().cpus())
          .put("memoryMib", entry.defaults().memoryMib())
          .put("diskMib", entry.defaults().diskMib())
          .put("user", entry.user())
          .put("login", entry.login())
          .put("verified", entry.verified())
          .put("own", entry.own());
    }
    shell.out().println(JsonText.pretty(list));
  }
}
