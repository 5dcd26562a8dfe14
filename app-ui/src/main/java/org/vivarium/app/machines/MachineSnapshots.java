package org.vivarium.app.machines;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.vivarium.images.ImageException;
import org.vivarium.images.library.Snapshots;
import org.vivarium.images.library.Snapshots.Snapshot;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.client.Machines;
import org.vivarium.vmm.config.DiskConfig;
import org.vivarium.vmm.definition.VmDefinition;
import org.vivarium.vmm.disk.DiskOpener;

/**
 * Snapshots of stopped machines.
 *
 * @param home the home folder
 * @param machines the machines in it
 */
public record MachineSnapshots(Path home, Machines machines) {
  private Snapshots snapshots() {
    return new Snapshots(home, DiskOpener.locker());
  }

  /**
   * Takes a snapshot of the disks that a stopped machine writes to, and of its definition.
   *
   * @throws VmmException if it runs, has no such disk, or has one that is no qcow2 image in its
   *     folder
   */
  public Snapshot take(String machine, String name, String note)
      throws VmmException, ImageException, IOException {
    Path folder = machines.folder(machine);
    VmDefinition definition = Stopped.definition(machines.find(machine));
    List<Path> disks = new ArrayList<>();
    for (DiskConfig disk : Cloning.own(definition, folder)) {
      CloneDisks.requireOwnQcow2(disk, folder, "a snapshot cannot hold it, so detach it first");
      disks.add(folder.relativize(folder.resolve(disk.file()).normalize()));
    }
    if (disks.isEmpty()) {
      throw new VmmException(
          "Machine %s has no disk that it writes to, so there is nothing to keep."
              .formatted(machine));
    }
    return snapshots().take(folder, name, note, disks, Instant.now());
  }

  /** A machine's snapshots, oldest first. */
  public List<Snapshot> list(String machine) throws VmmException, ImageException, IOException {
    return snapshots().list(machines.folder(machines.find(machine).name()));
  }

  /** Gives a stopped machine the disks and the definition of a snapshot. */
  public void restore(String machine, String name)
      throws VmmException, ImageException, IOException {
    Stopped.definition(machines.find(machine));
    snapshots().restore(machines.folder(machine), name);
    // Whether it starts at log-in is kept elsewhere too.
    machines.update(Stopped.definition(machines.find(machine)));
  }

  /** Deletes a snapshot; the machine may run. */
  public void remove(String machine, String name) throws VmmException, ImageException, IOException {
    snapshots().remove(machines.folder(machines.find(machine).name()), name);
  }
}
