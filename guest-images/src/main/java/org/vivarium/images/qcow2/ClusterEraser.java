package org.vivarium.images.qcow2;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.vivarium.images.disk.DiskImage;

/**
 * Discards ranges and makes them zero by changing L2 entries, one slice under the metadata lock at
 * a time.
 */
final class ClusterEraser {
  private static final int ZERO_CHUNK = 64 * 1024;

  /** What becomes of whole clusters. */
  enum Purpose {
    /** Guest discard: allocated clusters are given up and read as zeros. */
    DISCARD,
    /** Read as zeros, space kept where it is held exclusively. */
    ZERO_KEEP,
    /** Read as zeros, space given up. */
    ZERO_FREE,
    /** Beyond the disk's end: no entry remains. */
    FORGET
  }

  private final ClusterWriter.Parts parts;
  private final ImageContext context;
  private final ClusterWriter writer;

  ClusterEraser(ClusterWriter.Parts parts, ClusterWriter writer) {
    this.parts = parts;
    this.context = parts.context();
    this.writer = writer;
  }

  /** Discards the whole clusters within a range; the disk's last cluster may be a partial one. */
  void discard(long offset, long length) throws IOException {
    erase(firstWhole(offset), endWhole(offset + length), Purpose.DISCARD);
  }

  /** Makes a range read as zeros; parts of clusters are written through {@code image}. */
  void writeZeroes(DiskImage image, long offset, long length, boolean mayUnmap) throws IOException {
    int bits = context.geometry().clusterBits();
    long first = firstWhole(offset);
    long end = endWhole(offset + length);
    if (first >= end) {
      zeroPart(image, offset, offset + length);
      return;
    }
    zeroPart(image, offset, first << bits);
    erase(first, end, mayUnmap ? Purpose.ZERO_FREE : Purpose.ZERO_KEEP);
    zeroPart(image, end << bits, offset + length);
  }

  private long firstWhole(long offset) {
    return context.geometry().clusters(offset);
  }

  private long endWhole(long end) {
    Geometry g = context.geometry();
    return end == context.header().size() ? g.clusters(end) : end >>> g.clusterBits();
  }

  private void zeroPart(DiskImage image, long from, long to) throws IOException {
    long at = from;
    while (at < to) {
      long mapping = parts.map().at(at);
      long n = parts.map().run(at, mapping, to - at);
      if (!parts.reader().isZero(mapping, at)) {
        n = Math.min(n, ZERO_CHUNK);
        ByteBuffer zeros = ByteBuffer.allocate((int) n);
        image.write(zeros, at);
      }
      at += n;
    }
  }

  /** Erases guest clusters from {@code first} up to but without {@code end}. */
  void erase(long first, long end, Purpose purpose) throws IOException {
    Geometry g = context.geometry();
    long cluster = first;
    while (cluster < end) {
      boolean whole = !hasTable(cluster) && !needsZeroEntry(cluster, purpose);
      int bits = whole ? g.l2Bits() : g.sliceBits();
      long next = Math.min(end, ((cluster >>> bits) + 1) << bits);
      if (!whole) {
        eraseInSlice(cluster, next, purpose);
      }
      cluster = next;
    }
  }

  private boolean hasTable(long cluster) {
    long i = cluster >>> context.geometry().l2Bits();
    return i < parts.l1().length() && parts.l1().get((int) i) != 0;
  }

  private boolean needsZeroEntry(long cluster, Purpose purpose) {
    return (purpose == Purpose.ZERO_FREE || purpose == Purpose.ZERO_KEEP)
        && parts.reader().isBacked(cluster << context.geometry().clusterBits());
  }

  private void eraseInSlice(long first, long end, Purpose purpose) throws IOException {
    context.lock().lock();
    try {
      context.checkStorage();
      for (long cluster = first; cluster < end; cluster++) {
        long old = parts.map().entry(cluster);
        long changed = erased(old, cluster, purpose);
        if (changed == old) {
          continue;
        }
        L2Slice slice = writer.writableSlice(cluster);
        slice.set(parts.map().index(cluster), changed);
        parts.cache().markDirty(slice);
        if ((old & Entries.COMPRESSED) != 0 || Entries.offset(changed) == 0) {
          parts.allocator().freeLaterEntry(old);
        }
      }
      if (parts.allocator().isCrowded()) {
        parts.flush().flush();
      }
    } finally {
      context.lock().unlock();
    }
  }

  /** The entry that follows upon {@code old}. */
  private long erased(long old, long cluster, Purpose purpose) {
    boolean backed = parts.reader().isBacked(cluster << context.geometry().clusterBits());
    boolean stored = (old & Entries.COMPRESSED) != 0 || Entries.offset(old) != 0;
    long zero = backed ? Entries.ZERO : 0;
    return switch (purpose) {
      case FORGET -> 0;
      case DISCARD -> stored ? zero : old;
      case ZERO_FREE -> stored ? zero : old | zero;
      case ZERO_KEEP ->
          Entries.isOwnedData(old)
              ? old | Entries.ZERO
              : stored && !isZero(old) ? zero : old | zero;
    };
  }

  private static boolean isZero(long entry) {
    return (entry & (Entries.ZERO | Entries.COMPRESSED)) == Entries.ZERO;
  }
}
