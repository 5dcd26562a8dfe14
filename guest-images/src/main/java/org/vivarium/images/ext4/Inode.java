package org.vivarium.images.ext4;

import java.nio.ByteBuffer;

/**
 * A file, folder or symbolic link (Linux, Documentation/filesystems/ext4, "Index Nodes").
 *
 * @param number its number, from 1
 * @param mode type and permissions
 * @param size bytes, as it states; not checked
 * @param modified seconds since 1970
 * @param flags what kinds of storage it uses
 * @param block the 60 bytes that hold or lead to its content, little-endian
 */
record Inode(long number, int mode, long size, long modified, int flags, ByteBuffer block) {
  static final int MIN_SIZE = 128;
  static final int BLOCK_BYTES = 60;

  private static final int TYPE = 0xF000;
  private static final int FOLDER = 0x4000;
  private static final int REGULAR = 0x8000;
  private static final int LINK = 0xA000;

  private static final int ENCRYPTED = 0x800;
  private static final int EXTENTS = 0x80000;
  private static final int INLINE = 0x10000000;

  /** Takes an inode from its first 128 bytes. */
  static Inode of(long number, ByteBuffer raw) {
    long size =
        Integer.toUnsignedLong(raw.getInt(4)) | Integer.toUnsignedLong(raw.getInt(108)) << 32;
    return new Inode(
        number,
        raw.getShort(0) & 0xFFFF,
        size,
        Integer.toUnsignedLong(raw.getInt(16)),
        raw.getInt(32),
        raw.slice(40, BLOCK_BYTES).order(raw.order()));
  }

  boolean isFolder() {
    return (mode & TYPE) == FOLDER;
  }

  boolean isRegular() {
    return (mode & TYPE) == REGULAR;
  }

  boolean isLink() {
    return (mode & TYPE) == LINK;
  }

  boolean hasExtents() {
    return (flags & EXTENTS) != 0;
  }

  /** Whether its content is stored in a way that is not read here. */
  boolean isUnreadable() {
    return (flags & (ENCRYPTED | INLINE)) != 0;
  }

  /** Whether it is a symbolic link whose target stands in the inode. */
  boolean isShortLink() {
    return isLink() && size < BLOCK_BYTES && !hasExtents();
  }
}
