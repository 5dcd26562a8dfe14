package org.vivarium.images.qcow2;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Answers where a guest offset lies, without a lock and without allocating once the L2 slice is
 * cached.
 *
 * <p>An answer is one long: the kind in the topmost bits and, for data, the host byte offset of the
 * guest offset itself below.
 */
final class ClusterMap {
  /** Nothing in this image: the backing file's content, or zeros. */
  static final int UNALLOCATED = 0;

  /** Reads as zeros. */
  static final int ZERO = 1;

  /** Data that is shared with a snapshot, or may be: read in place, written elsewhere. */
  static final int SHARED = 2;

  /** Data that is written in place. */
  static final int OWNED = 3;

  /** A compressed cluster. */
  static final int COMPRESSED = 4;

  private static final int KIND_SHIFT = 60;
  private static final long HOST_MASK = (1L << KIND_SHIFT) - 1;
  private static final int MAX_UNITS = 4096;

  private final ImageContext context;
  private final L2Cache cache;

  ClusterMap(ImageContext context, L2Cache cache) {
    this.context = context;
    this.cache = cache;
  }

  static int kind(long mapping) {
    return (int) (mapping >>> KIND_SHIFT);
  }

  static long host(long mapping) {
    return mapping & HOST_MASK;
  }

  private static long mapping(int kind, long host) {
    return (long) kind << KIND_SHIFT | host;
  }

  /** The L2 entry of a guest cluster, 0 where there is none; checked. */
  long entry(long cluster) throws IOException {
    L2Slice slice = cache.slice(cluster);
    if (slice == null) {
      return 0;
    }
    int i = index(cluster);
    slice.checkGood(i, context.check());
    return slice.get(i);
  }

  /** Index of the cluster's entry in its slice. */
  int index(long cluster) {
    return (int) (cluster & ((1L << context.geometry().sliceBits()) - 1));
  }

  /** Where the byte at a guest offset lies. */
  long at(long position) throws IOException {
    Geometry g = context.geometry();
    long cluster = position >>> g.clusterBits();
    @Nullable L2Slice slice = cache.slice(cluster);
    if (slice == null) {
      return mapping(UNALLOCATED, 0);
    }
    int i = index(cluster);
    slice.checkGood(i, context.check());
    long entry = slice.get(i);
    if ((entry & Entries.COMPRESSED) != 0) {
      return mapping(COMPRESSED, 0);
    }
    long within = position & (g.clusterSize() - 1);
    long host = Entries.offset(entry) + within;
    if (g.extendedL2()) {
      return subcluster(slice.bitmap(i), (int) (within >>> g.unitBits()), host, entry);
    }
    if ((entry & Entries.ZERO) != 0) {
      return mapping(ZERO, 0);
    }
    if (Entries.offset(entry) == 0) {
      return mapping(UNALLOCATED, 0);
    }
    return mapping((entry & Entries.COPIED) != 0 ? OWNED : SHARED, host);
  }

  /** qcow2.txt, "Extended L2 Entries": bits 0 to 31 allocated, bits 32 to 63 reads as zeros. */
  private long subcluster(long bitmap, int i, long host, long entry) throws IOException {
    boolean allocated = (bitmap >>> i & 1) != 0;
    boolean zero = (bitmap >>> (i + 32) & 1) != 0;
    context
        .check()
        .that(
            !(allocated && (zero || Entries.offset(entry) == 0)),
            "has a corrupt extended L2 entry 0x%x with bitmap 0x%x".formatted(entry, bitmap));
    return zero ? mapping(ZERO, 0) : allocated ? mapping(SHARED, host) : mapping(UNALLOCATED, 0);
  }

  /**
   * Bytes from a guest offset on that lie as its mapping says, in a row; at least 1, at most {@code
   * most} and what 4096 clusters or subclusters hold. A compressed run ends with its cluster.
   */
  long run(long position, long mapping, long most) throws IOException {
    int bits = context.geometry().unitBits();
    int kind = kind(mapping);
    long length = (1L << bits) - (position & ((1L << bits) - 1));
    if (kind == COMPRESSED) {
      int clusterSize = context.geometry().clusterSize();
      return Math.min(most, clusterSize - (position & (clusterSize - 1)));
    }
    for (int i = 0; i < MAX_UNITS && length < most; i++) {
      long next = at(position + length);
      boolean continues = next == (kind == OWNED || kind == SHARED ? mapping + length : mapping);
      if (!continues) {
        break;
      }
      length += 1L << bits;
    }
    return Math.min(most, length);
  }
}
