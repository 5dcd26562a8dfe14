package org.vivarium.images.qcow2;

import java.io.IOException;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;

/**
 * The host clusters that hold metadata: never handed out for data, and no L2 entry may point at
 * one. Known only for images that are open for writing. Under the metadata lock.
 */
final class MetadataClusters {
  private long[] known = new long[0];
  private int count;
  private final Set<Long> added = new HashSet<>();
  private final Set<Long> removed = new HashSet<>();

  /** No clusters: for images that are open for reading only. */
  MetadataClusters() {}

  /**
   * Collects them from the header and the tables.
   *
   * @throws org.vivarium.images.disk.DiskImageException where two overlap
   */
  static MetadataClusters of(ImageContext context, L1Table l1, SnapshotTable snapshots)
      throws IOException {
    Geometry g = context.geometry();
    Qcow2Header header = context.header();
    MetadataClusters result = new MetadataClusters();
    result.put(0);
    result.putRange(g, header.l1Offset(), header.l1Size() * 8L);
    result.putRange(
        g, header.refcountOffset(), (long) header.refcountClusters() << g.clusterBits());
    result.putRange(g, header.snapshotsOffset(), snapshots.bytes());
    for (SnapshotTable.Snapshot snapshot : snapshots.list()) {
      result.putRange(g, snapshot.l1Offset(), snapshot.l1Size() * 8L);
    }
    for (long entry :
        context.readLongs(
            header.refcountOffset(), header.refcountClusters() << (g.clusterBits() - 3))) {
      if (entry != 0) {
        result.put(Refcounts.blockOffset(context, entry) >>> g.clusterBits());
      }
    }
    for (int i = 0; i < l1.length(); i++) {
      long table = l1.tableOffset(i);
      if (table != 0) {
        result.put(table >>> g.clusterBits());
      }
    }
    result.sort(context);
    return result;
  }

  private void putRange(Geometry g, long offset, long bytes) {
    for (long i = 0; i < g.clusters(bytes); i++) {
      put((offset >>> g.clusterBits()) + i);
    }
  }

  private void put(long cluster) {
    if (count == known.length) {
      known = Arrays.copyOf(known, Math.max(64, count * 2));
    }
    known[count++] = cluster;
  }

  private void sort(ImageContext context) throws IOException {
    known = Arrays.copyOf(known, count);
    Arrays.sort(known);
    for (int i = 1; i < count; i++) {
      context
          .check()
          .that(
              known[i] != known[i - 1],
              "uses the cluster at offset 0x%x for two tables; repair it with qemu-img check -r all"
                  .formatted(known[i] << context.geometry().clusterBits()));
    }
  }

  boolean contains(long cluster) {
    return added.contains(cluster)
        || (Arrays.binarySearch(known, cluster) >= 0 && !removed.contains(cluster));
  }

  /** Notes that a cluster holds metadata from now on. */
  void add(long cluster) {
    removed.remove(cluster);
    added.add(cluster);
  }

  /** Notes that a cluster was freed, whatever it held. */
  void remove(long cluster) {
    if (!added.remove(cluster) && Arrays.binarySearch(known, cluster) >= 0) {
      removed.add(cluster);
    }
  }
}
