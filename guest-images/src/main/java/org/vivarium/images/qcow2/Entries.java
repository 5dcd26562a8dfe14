package org.vivarium.images.qcow2;

/** The bits of L1 entries, L2 entries and refcount table entries (qcow2.txt, "Cluster mapping"). */
final class Entries {
  /** The entry's cluster has a refcount of exactly one: it may be changed in place. */
  static final long COPIED = 1L << 63;

  /** An L2 entry of a compressed cluster. */
  static final long COMPRESSED = 1L << 62;

  /** A standard L2 entry whose cluster reads as zeros. */
  static final long ZERO = 1;

  /** Bits 9 to 55: the host offset. */
  static final long OFFSET = 0x00FF_FFFF_FFFF_FE00L;

  /** Bits 9 to 63: the host offset in a refcount table entry. */
  static final long REFCOUNT_BLOCK_OFFSET = ~0x1FFL;

  private static final long L1_RESERVED = ~(OFFSET | COPIED);
  private static final long L2_RESERVED = ~(OFFSET | COPIED | COMPRESSED | ZERO);

  private Entries() {}

  /** The host offset of a standard entry, in bytes. */
  static long offset(long entry) {
    return entry & OFFSET;
  }

  /** Whether the L1 entry sets bits that mean nothing. */
  static boolean hasL1Reserved(long entry) {
    return (entry & L1_RESERVED) != 0;
  }

  /** Whether the standard L2 entry sets bits that mean nothing. */
  static boolean hasL2Reserved(long entry) {
    return (entry & L2_RESERVED) != 0;
  }

  /** Whether the entry's cluster holds data that may be written in place. */
  static boolean isOwnedData(long entry) {
    return (entry & (COPIED | COMPRESSED | ZERO)) == COPIED;
  }

  /** Host byte offset of a compressed cluster's data. */
  static long compressedOffset(long entry, int clusterBits) {
    return entry & ((1L << (70 - clusterBits)) - 1);
  }

  /** Bytes of host sectors that a compressed cluster's data lies in, from its offset on. */
  static int compressedLength(long entry, int clusterBits) {
    int shift = 70 - clusterBits;
    int sectors = (int) ((entry & (COMPRESSED - 1)) >>> shift) + 1;
    return sectors * 512 - (int) (compressedOffset(entry, clusterBits) & 511);
  }
}
