package org.vivarium.app.machines;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.vivarium.images.catalog.GuestResolver;
import org.vivarium.vmm.config.DiskConfig;
import org.vivarium.vmm.config.DiskFormat;
import org.vivarium.vmm.config.RateLimit;

/** Where a machine's disks lie. */
public final class DiskNames {
  private DiskNames() {}

  /** Where a disk that is made for a machine lies, relative to the machine's folder; qcow2. */
  public static String inFolder(String id) {
    return "disks/" + id + ".qcow2";
  }

  /**
   * The disk of a machine's guest, which is no part of its definition; none before its first start.
   */
  public static Optional<DiskConfig> root(Path folder) {
    Path file = folder.resolve(GuestResolver.ROOT);
    return Files.exists(file)
        ? Optional.of(
            new DiskConfig("root", file.getFileName(), DiskFormat.QCOW2, false, "", RateLimit.NONE))
        : Optional.empty();
  }

  /** A disk as the host finds it: its file relative to no folder. */
  public static DiskConfig located(DiskConfig disk, Path folder) {
    return disk.withFile(folder.resolve(disk.file()));
  }
}
