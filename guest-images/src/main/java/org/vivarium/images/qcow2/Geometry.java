package org.vivarium.images.qcow2;

/**
 * The sizes that follow from an image's header.
 *
 * @param clusterBits log2 of the cluster size in bytes, 9 to 21
 * @param refcountOrder log2 of a refcount's width in bits, 0 to 6
 * @param extendedL2 whether L2 entries are 16 bytes with 32 subclusters each
 */
record Geometry(int clusterBits, int refcountOrder, boolean extendedL2) {
  private static final int MAX_SLICE_BITS = 9;
  private static final int SUBCLUSTERS_BITS = 5;

  /** Bytes of a cluster. */
  int clusterSize() {
    return 1 << clusterBits;
  }

  /** Bytes of an L2 entry. */
  int entrySize() {
    return extendedL2 ? 16 : 8;
  }

  /** log2 of the number of entries in an L2 table. */
  int l2Bits() {
    return clusterBits - (extendedL2 ? 4 : 3);
  }

  /** log2 of the number of L2 entries that are cached together. */
  int sliceBits() {
    return Math.min(l2Bits(), MAX_SLICE_BITS);
  }

  /** log2 of the bytes that one status covers: a cluster, or a subcluster. */
  int unitBits() {
    return extendedL2 ? clusterBits - SUBCLUSTERS_BITS : clusterBits;
  }

  /** log2 of the number of refcounts in a refcount block. */
  int refcountBlockBits() {
    return clusterBits + 3 - refcountOrder;
  }

  /** Greatest value of a refcount. */
  long maxRefcount() {
    return refcountOrder == 6 ? Long.MAX_VALUE : (1L << (1 << refcountOrder)) - 1;
  }

  /** Clusters needed for that many bytes. */
  long clusters(long bytes) {
    return (bytes >>> clusterBits) + ((bytes & (clusterSize() - 1)) == 0 ? 0 : 1);
  }

  /** L1 entries needed for a disk of that many bytes. */
  long l1Entries(long bytes) {
    int bits = clusterBits + l2Bits();
    return (bytes >>> bits) + ((bytes & ((1L << bits) - 1)) == 0 ? 0 : 1);
  }

  /** Whether the offset is a multiple of the cluster size. */
  boolean isAligned(long offset) {
    return (offset & (clusterSize() - 1)) == 0;
  }
}
