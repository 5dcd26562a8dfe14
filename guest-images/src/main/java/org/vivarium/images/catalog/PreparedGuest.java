package org.vivarium.images.catalog;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.vivarium.images.BootImage;
import org.vivarium.images.disk.DiskFormat;

/**
 * A guest whose image is there.
 *
 * @param entry what it is
 * @param boot kernel, initial RAM disk and command line; null where the disk has its own only
 * @param base the read-only disk that machines' disks are clones of; null for a guest without one
 */
public record PreparedGuest(CatalogueEntry entry, @Nullable BootImage boot, @Nullable Base base) {
  /**
   * A read-only disk below the disks of machines.
   *
   * @param file where it lies
   * @param format how it stores its bytes
   * @param size of the disk, bytes
   */
  public record Base(Path file, DiskFormat format, long size) {}
}
