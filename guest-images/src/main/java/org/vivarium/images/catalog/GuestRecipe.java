package org.vivarium.images.catalog;

import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import org.vivarium.images.disk.DiskFormat;

/** How a guest of the catalogue is made. */
public sealed interface GuestRecipe {
  /**
   * Tiny Linux: a stock kernel and busybox in memory, without a disk.
   *
   * @param flavour which kernel
   */
  record Tiny(String flavour) implements GuestRecipe {}

  /**
   * A Debian system on a disk, installed from the computer's own package sources.
   *
   * @param suite the release's code name, as "bookworm"
   * @param packages what is installed beside what the recipe has
   */
  record Debian(String suite, List<String> packages) implements GuestRecipe {
    /** Copies the list. */
    public Debian {
      packages = List.copyOf(packages);
    }
  }

  /**
   * A disk image that its publisher offers, made for cloud-init.
   *
   * @param address where to fetch it from, http or https
   * @param check what tells whether it is what its publisher offers
   * @param format how it stores its bytes
   */
  record Image(URI address, ImageCheck check, DiskFormat format) implements GuestRecipe {}

  /**
   * A disk image on this computer, used as a base and never written.
   *
   * @param file where it lies, absolute
   * @param format how it stores its bytes
   */
  record Disk(Path file, DiskFormat format) implements GuestRecipe {}
}
