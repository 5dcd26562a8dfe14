package org.vivarium.vmm.disk;

import java.util.Map;

/** How this process moves the bytes of disks, as its environment may say. */
public final class DiskAccess {
  /**
   * The variable: {@code threads} has worker threads serve all disks; else io_uring serves them.
   */
  public static final String VARIABLE = "VIVARIUM_DISK_ACCESS";

  private static final String THREADS = "threads";

  private DiskAccess() {}

  /** Whether rings are to be used where the kernel has them. */
  public static boolean byRing(Map<String, String> environment) {
    return !THREADS.equals(environment.get(VARIABLE));
  }
}
