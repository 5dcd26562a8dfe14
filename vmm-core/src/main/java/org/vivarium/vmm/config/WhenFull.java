package org.vivarium.vmm.config;

/** What becomes of a guest's write that finds no room on the host. */
public enum WhenFull {
  /** The machine is paused, and the write tried again when it goes on: the guest learns nothing. */
  PAUSE,
  /** The guest is told of an I/O error. */
  REPORT;

  /** Tells that a machine was paused for want of room for a disk's writes. */
  public static String paused(String disk) {
    return ("Disk %s: this computer has no room for what the guest writes, so the machine is paused;"
            + " make room, then resume it.")
        .formatted(disk);
  }
}
