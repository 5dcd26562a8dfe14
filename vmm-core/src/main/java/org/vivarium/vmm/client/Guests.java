package org.vivarium.vmm.client;

import org.vivarium.images.ImageException;
import org.vivarium.images.Progress;
import org.vivarium.images.catalog.GuestResolver;
import org.vivarium.vmm.Folders;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.definition.GuestSource;
import org.vivarium.vmm.store.VmFolder;

/** Has the guest that a machine boots made or fetched before its process starts. */
final class Guests {
  private Guests() {}

  /**
   * Sees to it that the guest is there, and the machine's clone of its disk.
   *
   * @throws VmmException if it cannot be had
   */
  static void obtain(GuestSource guest, Folders folders, VmFolder folder, StartProgress progress)
      throws VmmException {
    if (guest instanceof GuestSource.Catalogue(String entry, String _)) {
      try {
        new GuestResolver(folders.home(), System.getenv())
            .prepare(
                entry, new GuestResolver.Machine(folder.name(), folder.path()), told(progress));
      } catch (ImageException e) {
        throw new VmmException(e.getMessage(), e);
      }
    }
  }

  private static Progress told(StartProgress progress) {
    return (step, done, total) -> progress.step(step, total > 0 ? (double) done / total : -1);
  }
}
