package org.vivarium.vmm.definition;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Where a machine's kernel and its root file system come from. */
public sealed interface GuestSource {
  /** The catalogue's entry for Tiny Linux. */
  String TINY = "tiny";

  /**
   * A guest of the catalogue.
   *
   * @param entry its identifier there, such as {@code tiny} or {@code debian-12}
   * @param append added to the entry's kernel command line; may be empty
   */
  record Catalogue(String entry, String append) implements GuestSource {}

  /**
   * A kernel of the owner's own.
   *
   * @param kernel a bzImage, or an ELF vmlinux with a PVH note
   * @param initrd initial RAM disk, or null
   * @param commandLine kernel command line
   */
  record Kernel(Path kernel, @Nullable Path initrd, String commandLine) implements GuestSource {}

  /**
   * The kernel that is installed on the machine's first disk, read from it at each start.
   *
   * @param append added to the command line that the disk's boot loader would give
   */
  record Disk(String append) implements GuestSource {}
}
