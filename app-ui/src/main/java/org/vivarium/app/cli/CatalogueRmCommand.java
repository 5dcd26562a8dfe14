package org.vivarium.app.cli;

import org.vivarium.images.ImageException;
import org.vivarium.images.catalog.Catalogue;
import org.vivarium.images.catalog.CatalogueEntry;
import org.vivarium.vmm.VmmException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Deletes the images of a guest of the catalogue. */
@Command(
    name = "rm",
    description = {
      "Delete a guest's images; they are made again when a machine needs them.",
      "Refused while disks of machines stand on them."
    },
    footer = {
      "",
      "Examples:",
      "  vivarium catalogue rm debian-12",
      "",
      "Exit status: 0 done; 1 it could not be; 2 bad input."
    })
final class CatalogueRmCommand extends ShellCommand {
  @Parameters(paramLabel = "GUEST", description = "What 'vivarium catalogue' calls it.")
  private String guest = "";

  CatalogueRmCommand(Shell shell) {
    super(shell);
  }

  @Override
  public Integer call() throws VmmException, ImageException {
    Catalogue catalogue = shell.catalogue();
    CatalogueEntry entry = Shell.entry(catalogue, guest);
    catalogue.remove(entry);
    return ExitStatus.OK;
  }
}
