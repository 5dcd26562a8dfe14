package org.vivarium.vmm.config;

/** How a disk image stores its bytes. */
public enum DiskFormat {
  /** The bytes of the disk themselves: a file or a block device. */
  RAW,
  /** QEMU's copy-on-write format, version 3. */
  QCOW2
}
