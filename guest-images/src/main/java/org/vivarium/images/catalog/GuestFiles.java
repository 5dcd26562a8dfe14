package org.vivarium.images.catalog;

import java.nio.file.Path;
import java.util.List;
import org.vivarium.images.BootImage;

/**
 * What a machine starts, found.
 *
 * @param boot kernel, initial RAM disk and the whole command line
 * @param root whether the machine's {@code root.qcow2} is its first disk, before those that its
 *     owner named
 * @param seeds raw disks that the machine reads and nobody writes, after all others
 */
public record GuestFiles(BootImage boot, boolean root, List<Path> seeds) {
  /** Copies the list. */
  public GuestFiles {
    seeds = List.copyOf(seeds);
  }
}
