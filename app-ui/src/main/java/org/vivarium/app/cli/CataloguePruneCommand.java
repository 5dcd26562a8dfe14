package org.vivarium.app.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.vivarium.images.ImageException;
import org.vivarium.images.catalog.FormerImages;
import org.vivarium.images.library.FrozenDisks;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.client.MachineSummary;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Deletes images that nothing refers to. */
@Command(
    name = "prune",
    description = {
      "Delete former images that no disk stands on, and what deleted machines and templates left.",
      "Not while machines run: one that restarts reads its kernel again."
    },
    footer = {
      "",
      "Examples:",
      "  vivarium catalogue prune --dry-run",
      "",
      "Exit status: 0 done; 1 it could not be; 2 bad input."
    })
final class CataloguePruneCommand extends ShellCommand {
  @Option(names = "--dry-run", description = "Only list what would be deleted.")
  private boolean dryRun;

  CataloguePruneCommand(Shell shell) {
    super(shell);
  }

  /**
   * What nothing refers to.
   *
   * @param bytes what each takes, in the order of the folders
   */
  record Unneeded(List<Path> images, List<Path> frozen, List<Long> bytes) {
    static Unneeded find(Shell shell) throws VmmException, ImageException {
      List<Path> images = shell.catalogue().former().find();
      List<Path> frozen = new FrozenDisks(shell.home()).unneeded();
      List<Path> all = new ArrayList<>(images);
      all.addAll(frozen);
      List<Long> bytes = new ArrayList<>();
      for (Path folder : all) {
        bytes.add(FormerImages.bytesOnDisk(folder));
      }
      return new Unneeded(images, frozen, bytes);
    }

    long total() {
      return bytes.stream().mapToLong(Long::longValue).sum();
    }
  }

  @Override
  public Integer call() throws VmmException, ImageException {
    Unneeded unneeded = Unneeded.find(shell);
    if (unneeded.bytes().isEmpty()) {
      shell.note("There is nothing to delete.");
      return ExitStatus.OK;
    }
    if (!dryRun) {
      requireStopped();
      shell.catalogue().former().delete(unneeded.images());
      new FrozenDisks(shell.home()).deleteUnneeded();
    }
    TextTable table = new TextTable(dryRun ? "WOULD BE DELETED" : "DELETED", ">ON DISK");
    int row = 0;
    for (List<Path> folders : List.of(unneeded.images(), unneeded.frozen())) {
      for (Path folder : folders) {
        table.row(folder.toString(), Amounts.bytes(unneeded.bytes().get(row++)));
      }
    }
    table.lines().forEach(shell.out()::println);
    return ExitStatus.OK;
  }

  private void requireStopped() throws VmmException {
    for (MachineSummary machine : shell.machines().list()) {
      if (isAlive(machine)) {
        throw new VmmException(
            "Machine %s runs; stop all machines before images are deleted."
                .formatted(machine.name()));
      }
    }
  }
}
