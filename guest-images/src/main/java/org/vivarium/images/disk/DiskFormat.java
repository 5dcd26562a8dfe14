package org.vivarium.images.disk;

/** The format of a disk image, always named by its owner and never guessed from the content. */
public enum DiskFormat {
  /** The file's bytes are the disk's. */
  RAW("raw"),
  /** QEMU's copy-on-write format, versions 2 (read-only) and 3. */
  QCOW2("qcow2");

  private final String id;

  DiskFormat(String id) {
    this.id = id;
  }

  /** The name that QEMU and this project's files use. */
  public String id() {
    return id;
  }

  /**
   * The format of that name.
   *
   * @throws DiskImageException where there is none
   */
  public static DiskFormat of(String id) throws DiskImageException {
    for (DiskFormat format : values()) {
      if (format.id.equals(id)) {
        return format;
      }
    }
    throw new DiskImageException("Disk format \"" + id + "\" is not one of raw, qcow2.");
  }
}
