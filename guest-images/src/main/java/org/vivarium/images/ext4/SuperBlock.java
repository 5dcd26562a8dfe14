package org.vivarium.images.ext4;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import org.vivarium.images.disk.DiskImageException;

/**
 * What the file system says about itself (Linux, Documentation/filesystems/ext4, "Super Block"),
 * checked.
 *
 * @param blockSize bytes, 1024 to 65536
 * @param blocks how many blocks there are
 * @param firstDataBlock 1 where blocks have 1024 bytes, else 0
 * @param blocksPerGroup at least 1
 * @param inodes how many inodes there are
 * @param inodesPerGroup at least 1
 * @param inodeSize bytes, 128 to blockSize
 * @param descriptorSize bytes of a group descriptor, 32 or more
 * @param firstMetaGroup the first group of descriptors that lie among their groups, or the largest
 *     number where all lie at the beginning
 * @param needsRecovery whether the journal holds what the file system lacks
 * @param journal the inode of the journal; 0 where it is not on this volume
 * @param uuid as "root=UUID=" names it
 */
record SuperBlock(
    int blockSize,
    long blocks,
    long firstDataBlock,
    long blocksPerGroup,
    long inodes,
    long inodesPerGroup,
    int inodeSize,
    int descriptorSize,
    long firstMetaGroup,
    boolean needsRecovery,
    long journal,
    String uuid) {
  private static final long PLACE = 1024;
  private static final int SIZE = 1024;
  private static final int MAGIC = 0xEF53;

  private static final int COMPAT_HAS_JOURNAL = 0x4;
  private static final int INCOMPAT_RECOVER = 0x4;
  private static final int INCOMPAT_META_BG = 0x10;
  private static final int INCOMPAT_64BIT = 0x80;

  /**
   * FILETYPE, RECOVER, META_BG, EXTENTS, 64BIT, MMP, FLEX_BG, EA_INODE, CSUM_SEED, LARGEDIR,
   * INLINE_DATA, ENCRYPT, CASEFOLD: what reading can do with or without; inodes that it cannot read
   * say so themselves.
   */
  private static final int KNOWN = 0x2 | 0x4 | 0x10 | 0x40 | 0x80 | 0x100 | 0x200 | 0x400 | 0x3E000;

  /** Returns whether a volume begins as such a file system does. */
  static boolean isPresent(Volume volume) throws IOException {
    return volume.length() >= PLACE + SIZE
        && (volume.read(PLACE + 56, 2).getShort() & 0xFFFF) == MAGIC;
  }

  static SuperBlock read(Source volume) throws IOException {
    ByteBuffer raw = volume.read(PLACE, SIZE);
    int shift = raw.getInt(24);
    int incompatible = raw.getInt(96);
    if ((raw.getShort(56) & 0xFFFF) != MAGIC || shift < 0 || shift > 6) {
      throw damaged(volume.name(), "its super block is wrong");
    }
    if ((incompatible & ~KNOWN) != 0) {
      throw new DiskImageException(
          "The file system on %s has the features 0x%x, which cannot be read here."
              .formatted(volume.name(), incompatible & ~KNOWN));
    }
    boolean wide = (incompatible & INCOMPAT_64BIT) != 0;
    int revision = raw.getInt(76);
    int descriptor = wide ? raw.getShort(254) & 0xFFFF : 32;
    long high = wide ? Integer.toUnsignedLong(raw.getInt(336)) << 32 : 0;
    boolean scattered = (incompatible & INCOMPAT_META_BG) != 0;
    SuperBlock read =
        new SuperBlock(
            1024 << shift,
            Integer.toUnsignedLong(raw.getInt(4)) | high,
            Integer.toUnsignedLong(raw.getInt(20)),
            Integer.toUnsignedLong(raw.getInt(32)),
            Integer.toUnsignedLong(raw.getInt(0)),
            Integer.toUnsignedLong(raw.getInt(40)),
            revision == 0 ? 128 : raw.getShort(88) & 0xFFFF,
            descriptor,
            scattered ? Integer.toUnsignedLong(raw.getInt(260)) : Long.MAX_VALUE,
            (incompatible & INCOMPAT_RECOVER) != 0,
            (raw.getInt(92) & COMPAT_HAS_JOURNAL) != 0
                ? Integer.toUnsignedLong(raw.getInt(224))
                : 0,
            uuid(raw));
    read.check(volume);
    return read;
  }

  private void check(Source volume) throws DiskImageException {
    boolean right =
        blocks > 0
            && blocks <= volume.length() / blockSize
            && firstDataBlock <= 1
            && blocksPerGroup > 0
            && inodesPerGroup > 0
            && inodeSize >= 128
            && inodeSize <= blockSize
            && descriptorSize >= 32
            && descriptorSize <= blockSize;
    if (!right) {
      throw damaged(volume.name(), "its super block contradicts itself or the disk's size");
    }
  }

  private static String uuid(ByteBuffer raw) {
    byte[] bytes = new byte[16];
    raw.get(104, bytes);
    String hex = HexFormat.of().formatHex(bytes);
    return String.join(
        "-",
        hex.substring(0, 8),
        hex.substring(8, 12),
        hex.substring(12, 16),
        hex.substring(16, 20),
        hex.substring(20));
  }

  /** Returns the byte offset of a group's descriptor. */
  long descriptor(long group) {
    long perBlock = blockSize / descriptorSize;
    long meta = group / perBlock;
    long inBlock = (group % perBlock) * descriptorSize;
    if (meta < firstMetaGroup) {
      return (firstDataBlock + 1 + meta) * blockSize + inBlock;
    }
    long first = meta * perBlock;
    long block = firstDataBlock + first * blocksPerGroup + (hasBackup(first) ? 1 : 0);
    return block * blockSize + inBlock;
  }

  /** Sparse super blocks: groups 0, 1 and the powers of 3, 5 and 7. */
  private static boolean hasBackup(long group) {
    if (group <= 1) {
      return true;
    }
    for (long base : new long[] {3, 5, 7}) {
      long power = base;
      while (power < group) {
        power *= base;
      }
      if (power == group) {
        return true;
      }
    }
    return false;
  }

  static DiskImageException damaged(String volume, String what) {
    return new DiskImageException("The file system on %s is damaged: %s.".formatted(volume, what));
  }
}
