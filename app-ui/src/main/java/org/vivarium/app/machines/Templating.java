package org.vivarium.app.machines;

import java.nio.file.Path;
import org.vivarium.images.ImageException;
import org.vivarium.images.library.Templates;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.client.Machines;
import org.vivarium.vmm.config.DiskConfig;
import org.vivarium.vmm.definition.VmDefinition;

/**
 * Makes templates of machines.
 *
 * @param home the home folder
 * @param machines the machines in it
 */
public record Templating(Path home, Machines machines) {
  /**
   * Turns a stopped machine into a template of the same name; it no longer starts at log-in.
   *
   * @throws VmmException if it runs, other disks stand on its own, or the name is taken
   */
  public void create(String name) throws VmmException {
    VmDefinition now = Stopped.definition(machines.find(name));
    Path folder = machines.folder(name);
    for (DiskConfig disk : Cloning.own(now, folder)) {
      if (!folder.resolve(disk.file()).normalize().startsWith(folder)) {
        throw new VmmException(
            "Disk %s is not in the machine's own folder, so it cannot become part of a template."
                .formatted(disk.id()));
      }
    }
    if (now.autostart()) {
      machines.update(
          new VmDefinition(
              now.name(),
              now.description(),
              now.cpus(),
              now.memoryMib(),
              now.engine(),
              now.guest(),
              now.devices(),
              false));
    }
    try {
      new Templates(home).make(name);
    } catch (ImageException e) {
      throw new VmmException(e.getMessage(), e);
    }
  }
}
