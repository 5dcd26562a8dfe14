package org.vivarium.app.machines;

import java.nio.file.Path;
import org.vivarium.vmm.config.DiskConfig;

/** Where a machine's disks lie. */
public final class DiskNames {
  private DiskNames() {}

  /** Where a disk that is made for a machine lies, relative to the machine's folder; qcow2. */
  public static String inFolder(String id) {
    return "disks/" + id + ".qcow2";
  }

  /** A disk as the host finds it: its file relative to no folder. */
  public static DiskConfig located(DiskConfig disk, Path folder) {
    return disk.withFile(folder.resolve(disk.file()));
  }
}
