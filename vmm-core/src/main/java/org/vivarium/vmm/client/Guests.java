package org.vivarium.vmm.client;

import java.util.Map;
import org.vivarium.images.ImageException;
import org.vivarium.images.Progress;
import org.vivarium.images.deb.PackageSource;
import org.vivarium.images.deb.PackageSources;
import org.vivarium.images.tiny.TinyLinux;
import org.vivarium.vmm.Folders;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.definition.GuestSource;

/** Has the guest that a machine boots made or fetched before its process starts. */
final class Guests {
  private Guests() {}

  /**
   * Sees to it that the guest is there.
   *
   * @throws VmmException if it cannot be had
   */
  static void obtain(GuestSource guest, Folders folders, StartProgress progress)
      throws VmmException {
    if (guest instanceof GuestSource.Catalogue(String entry, String _)
        && entry.equals(GuestSource.TINY)) {
      try {
        PackageSource packages =
            PackageSources.choose(
                folders.images().resolve("packages"), Map.copyOf(System.getenv()));
        TinyLinux.obtain(folders.images(), TinyLinux.DEFAULT_FLAVOUR, packages, told(progress));
      } catch (ImageException e) {
        throw new VmmException(e.getMessage(), e);
      }
    }
  }

  private static Progress told(StartProgress progress) {
    return (step, done, total) -> progress.step(step, total > 0 ? (double) done / total : -1);
  }
}
