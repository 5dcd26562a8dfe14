package org.vivarium.app.cli;

import org.vivarium.images.ImageException;
import org.vivarium.images.catalog.Catalogue;
import org.vivarium.images.catalog.CatalogueEntry;
import org.vivarium.vmm.VmmException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Makes the image of a guest of the catalogue before a machine needs it. */
@Command(
    name = "prepare",
    description = "Make a guest's image now, so that its first machine starts at once.",
    footer = {
      "",
      "Examples:",
      "  vivarium catalogue prepare debian-12",
      "",
      "Exit status: 0 it is there; 1 it could not be made; 2 bad input."
    })
final class CataloguePrepareCommand extends ShellCommand {
  @Parameters(paramLabel = "GUEST", description = "What 'vivarium catalogue' calls it.")
  private String guest = "";

  CataloguePrepareCommand(Shell shell) {
    super(shell);
  }

  @Override
  public Integer call() throws VmmException, ImageException {
    Catalogue catalogue = shell.catalogue();
    CatalogueEntry entry = Shell.entry(catalogue, guest);
    try (ProgressLine progress = shell.progress()) {
      catalogue.prepare(entry, progress);
    }
    shell.note("%s is ready; 'vivarium create NAME --from %s'.".formatted(entry.title(), guest));
    return ExitStatus.OK;
  }
}
