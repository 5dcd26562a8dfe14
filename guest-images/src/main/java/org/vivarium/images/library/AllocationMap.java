package org.vivarium.images.library;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.vivarium.images.disk.DiskImage;
import org.vivarium.images.disk.Extent;

/**
 * How much of a disk is stored, and where: in its own file, or in those below it that it shares
 * with others. The rest reads as zeros and takes no space.
 *
 * @param size what the guest sees, bytes
 * @param own bytes of the disk that its own file stores
 * @param shared bytes of the disk that files below it store
 * @param pieces the same for equal pieces of the disk, from its beginning to its end
 */
public record AllocationMap(long size, long own, long shared, List<Piece> pieces) {
  /**
   * A piece of a disk.
   *
   * @param own how much of it its own file stores, 0 to 1
   * @param shared how much of it files below store, 0 to 1
   */
  public record Piece(double own, double shared) {}

  /** Copies the list. */
  public AllocationMap {
    pieces = List.copyOf(pieces);
  }

  /**
   * Looks at a disk's mapping; no content is read. While a machine writes to the disk, what is told
   * may be a moment old.
   *
   * @param count how many pieces, 1 or more; a disk of fewer bytes has fewer
   */
  public static AllocationMap of(DiskImage disk, int count) throws IOException {
    long size = disk.size();
    int pieces = (int) Math.min(count, Math.max(1, size));
    long[] own = new long[pieces];
    long[] shared = new long[pieces];
    Extent extent = new Extent();
    for (long at = 0; at < size; at += extent.length()) {
      disk.map(at, size - at, extent);
      boolean stored = extent.kind() == Extent.Kind.DATA || extent.kind() == Extent.Kind.COMPRESSED;
      if (stored) {
        add(extent.file() == 0 ? own : shared, at, Math.min(size, at + extent.length()), size);
      }
    }
    List<Piece> list = new ArrayList<>();
    long allOwn = 0;
    long allShared = 0;
    for (int i = 0; i < pieces; i++) {
      double length = Math.max(1, begin(i + 1, pieces, size) - begin(i, pieces, size));
      list.add(new Piece(own[i] / length, shared[i] / length));
      allOwn += own[i];
      allShared += shared[i];
    }
    return new AllocationMap(size, allOwn, allShared, list);
  }

  private static void add(long[] sums, long from, long to, long size) {
    int piece = (int) Math.min(sums.length - 1L, from / Math.max(1, size / sums.length));
    while (begin(piece, sums.length, size) > from) {
      piece--;
    }
    for (long at = from; at < to; piece++) {
      long end = Math.min(to, piece + 1 == sums.length ? to : begin(piece + 1, sums.length, size));
      if (end > at) {
        sums[piece] += end - at;
        at = end;
      }
    }
  }

  /** Where a piece begins, bytes; without an overflow for disks of any size. */
  private static long begin(int piece, int pieces, long size) {
    return size / pieces * piece + size % pieces * piece / pieces;
  }
}
