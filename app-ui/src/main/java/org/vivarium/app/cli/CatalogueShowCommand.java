package org.vivarium.app.cli;

import org.vivarium.images.ImageException;
import org.vivarium.images.catalog.Catalogue;
import org.vivarium.images.catalog.CatalogueEntry;
import org.vivarium.images.catalog.EntryState;
import org.vivarium.images.catalog.GuestRecipe;
import org.vivarium.vmm.VmmException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Tells all that the catalogue says of a guest. */
@Command(
    name = "show",
    description = {
      "Show where a guest comes from, what is checked, and what a machine of it gets."
    },
    footer = {
      "",
      "Examples:",
      "  vivarium catalogue show ubuntu-24.04",
      "",
      "Exit status: 0 shown; 1 it cannot be read; 2 bad input."
    })
final class CatalogueShowCommand extends ShellCommand {
  @Parameters(paramLabel = "GUEST", description = "What 'vivarium catalogue' calls it.")
  private String guest = "";

  CatalogueShowCommand(Shell shell) {
    super(shell);
  }

  @Override
  public Integer call() throws VmmException, ImageException {
    Catalogue catalogue = shell.catalogue();
    CatalogueEntry entry = Shell.entry(catalogue, guest);
    EntryState state = catalogue.state(entry);
    CatalogueEntry.Defaults defaults = entry.defaults();
    line("Guest", entry.id() + (entry.own() ? " (your own entry)" : ""));
    line("Title", entry.title());
    line("What it is", entry.description());
    line("Comes from", source(entry.recipe()));
    line("Checked", entry.verified());
    line("Log-in", entry.login());
    line("A machine", machine(defaults));
    line("To fetch", entry.downloadBytes() == 0 ? "" : Amounts.bytes(entry.downloadBytes()));
    line("State", state.ready() ? "ready, " + Amounts.bytes(state.bytesOnDisk()) : "not built");
    return ExitStatus.OK;
  }

  private void line(String name, String value) {
    if (!value.isEmpty()) {
      shell.out().printf("%-11s %s%n", name, value);
    }
  }

  private static String machine(CatalogueEntry.Defaults defaults) {
    String disk = defaults.diskMib() == 0 ? "" : ", %d MiB of disk".formatted(defaults.diskMib());
    return "%d CPUs, %d MiB of memory%s".formatted(defaults.cpus(), defaults.memoryMib(), disk);
  }

  private static String source(GuestRecipe recipe) {
    return switch (recipe) {
      case GuestRecipe.Tiny _ -> "Debian's packages, put together on this computer";
      case GuestRecipe.Debian debian -> "Debian's packages of " + debian.suite();
      case GuestRecipe.Image image -> image.address().toString();
      case GuestRecipe.Disk disk -> disk.file().toString();
    };
  }
}
