package org.vivarium.app.desktop.machines;

import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.vivarium.app.desktop.base.Errors;
import org.vivarium.app.desktop.base.Ui;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.client.MachineConnection;
import org.vivarium.vmm.config.DiskConfig;
import org.vivarium.vmm.definition.VmDefinition;

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

  /** Attaches an image file. */
  public void attach(Path file) {
    VmDefinition definition = definition();
    if (definition == null) {
      return;
    }
    if (!Files.isRegularFile(machine.folder().resolve(file))) {
      ui.errors().report(new Errors.Problem(ui.text("disks.notAFile", file), ""));
      return;
    }
    DiskConfig disk = Definitions.newDisk(definition, file);
    Runnable keep = () -> machine.change(Definitions.withDisk(definition, disk, true), () -> {});
    if (machine.connection().get() == null) {
      keep.run();
    } else {
      machine.ask(connection -> connection.attachDisk(absolute(disk)), keep);
    }
  }

  /** The process of a machine need not run in the machine's folder. */
  private DiskConfig absolute(DiskConfig disk) {
    return new DiskConfig(
        disk.id(),
        machine.folder().resolve(disk.file()),
        disk.format(),
        disk.readOnly(),
        disk.serial(),
        disk.limit());
  }

  /** Makes an empty disk in the machine's folder and attaches it. */
  public void create(Path name, long bytes) {
    ui.background()
        .run(
            () -> DiskFiles.create(machine.folder().resolve(name), bytes),
            () -> attach(name),
            ui.errors()::report);
  }

  /** Takes a disk away; its file stays. */
  public void detach(DiskConfig disk) {
    VmDefinition definition = definition();
    if (definition == null) {
      return;
    }
    Runnable keep = () -> machine.change(Definitions.withDisk(definition, disk, false), () -> {});
    if (machine.connection().get() == null) {
      keep.run();
    } else {
      machine.ask(connection -> connection.detachDisk(disk.id()), keep);
    }
  }

  /** Makes a disk larger. */
  public void resize(DiskConfig disk, long bytes) {
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
            () -> machine.definition().ifPresent(kept -> machine.change(kept, () -> {})),
            ui.errors()::report);
  }

  private @Nullable VmDefinition definition() {
    if (machine.definition().isEmpty()) {
      ui.errors().report(new VmmException(machine.summary().get().problem().orElse("")));
      return null;
    }
    return machine.definition().get();
  }
}
