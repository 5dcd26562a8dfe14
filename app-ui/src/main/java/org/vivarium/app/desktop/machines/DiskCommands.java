package org.vivarium.app.desktop.machines;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.vivarium.app.desktop.base.Ui;
import org.vivarium.app.machines.DiskNames;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.client.MachineConnection;
import org.vivarium.vmm.config.DiskConfig;
import org.vivarium.vmm.disk.DiskOpener;

/**
 * What can be done with a machine's disks. A running machine is asked first; what it took is then
 * kept in its definition.
 */
public final class DiskCommands {
  private final Ui ui;
  private final MachineModel machine;

  /** The disks of {@code machine}. */
  public DiskCommands(Ui ui, MachineModel machine) {
    this.ui = ui;
    this.machine = machine;
  }

  /** Attaches image files, one after the other; the first that cannot be ends it. */
  public void attach(List<Path> files) {
    if (files.isEmpty()) {
      return;
    }
    Path file = files.getFirst();
    MachineConnection connection = machine.connection().get();
    machine.edit(
        now -> {
          if (!Files.exists(machine.folder().resolve(file))) {
            throw new VmmException(ui.text("disks.notAFile", file));
          }
          DiskConfig disk = Definitions.newDisk(now, file);
          DiskConfig located = DiskNames.located(disk, machine.folder());
          DiskOpener.formatOf(located);
          if (connection != null) {
            // The process of a machine need not run in the machine's folder.
            connection.attachDisk(located);
          }
          return Definitions.withDisk(now, disk, true);
        },
        () -> attach(files.subList(1, files.size())));
  }

  /** Makes an empty disk in the machine's folder and attaches it. */
  public void create(Path name, long bytes) {
    ui.background()
        .run(
            () -> DiskFiles.create(machine.folder().resolve(name), bytes),
            () -> attach(List.of(name)),
            ui.errors()::report);
  }

  /** Takes a disk away; its file stays. */
  public void detach(DiskConfig disk) {
    MachineConnection connection = machine.connection().get();
    machine.edit(
        now -> {
          if (connection != null) {
            connection.detachDisk(disk.id());
          }
          return Definitions.withDisk(now, disk, false);
        },
        () -> {});
  }

  /** Makes a disk larger; {@code done} runs on the JavaFX thread then. */
  public void resize(DiskConfig disk, long bytes, Runnable done) {
    MachineConnection connection = machine.connection().get();
    ui.background()
        .run(
            () -> {
              if (connection != null) {
                connection.resizeDisk(disk.id(), bytes);
              } else {
                DiskFiles.resize(machine.folder().resolve(disk.file()), disk, bytes);
              }
            },
            done,
            ui.errors()::report);
  }
}
