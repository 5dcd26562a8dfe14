package org.vivarium.app.machines;

import java.nio.file.Path;
import java.util.Set;
import org.vivarium.images.ImageException;
import org.vivarium.images.library.DiskTree;
import org.vivarium.images.library.FrozenDisks;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.client.Machines;

/**
 * Deletes machines.
 *
 * @param home the home folder
 * @param machines the machines in it
 */
public record Removal(Path home, Machines machines) {
  /**
   * Refuses where disks of others stand on a machine's.
   *
   * @throws VmmException naming one of them
   */
  public void check(String name) throws VmmException {
    try {
      DiskTree.scan(home).requireUnused(machines.folder(name), "Machine " + name);
    } catch (ImageException e) {
      throw new VmmException(e.getMessage(), e);
    }
  }

  /**
   * Deletes a stopped machine with its folder and what its disks alone stood on, unless disks of
   * others stand on its own.
   */
  public void delete(String name) throws VmmException {
    check(name);
    FrozenDisks frozen = new FrozenDisks(home);
    try {
      Set<Path> below = frozen.below(machines.folder(name));
      machines.delete(name);
      frozen.sweep(below);
    } catch (ImageException e) {
      throw new VmmException(e.getMessage(), e);
    }
  }
}
