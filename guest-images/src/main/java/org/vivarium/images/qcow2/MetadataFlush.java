package org.vivarium.images.qcow2;

import java.io.IOException;

/**
 * Writes changed metadata back so that a crash at any point leaves a consistent image. Under the
 * metadata lock.
 *
 * <p>The order, with a sync between the steps:
 *
 * <ol>
 *   <li>data (written before), contents of new tables, and refcounts;
 *   <li>refcount table entries of new blocks; where the table has moved, the header;
 *   <li>L2 and L1 entries, which now refer only to what is durable and counted;
 *   <li>decreased refcounts, written by the next flush.
 * </ol>
 *
 * <p>So a refcount is never below the number of references on disk: a crash leaks clusters at
 * worst. After an error everything that was not written is still marked as changed, and the next
 * flush repeats the whole order.
 */
final class MetadataFlush {
  private final ImageContext context;
  private final L1Table l1;
  private final L2Cache l2;
  private final Refcounts refcounts;
  private final Allocator allocator;
  private Allocator.@org.jspecify.annotations.Nullable Run newTable;

  MetadataFlush(
      ImageContext context, L1Table l1, L2Cache l2, Refcounts refcounts, Allocator allocator) {
    this.context = context;
    this.l1 = l1;
    this.l2 = l2;
    this.refcounts = refcounts;
    this.allocator = allocator;
  }

  /** Writes what has changed; the last step's writes are synced, decreased refcounts are not. */
  void flush() throws IOException {
    context.checkStorage();
    placeTable();
    refcounts.writeBlocks();
    if (l1.isDirty() || l2.isDirty() || refcounts.isTableDirty() || allocator.hasNotDurable()) {
      context.sync();
      writeTable();
      l2.writeDirty();
      l1.writeDirty();
      context.sync();
    }
    if (allocator.hasWaiting()) {
      allocator.changesAreDurable();
    }
    context.setDirty(allocator.hasWaiting() || refcounts.hasDirtyBlocks());
  }

  /** Finds a place for a refcount table that has grown. */
  private void placeTable() throws IOException {
    Geometry g = context.geometry();
    while (newTable == null
        ? refcounts.tableClusters() > context.header().refcountClusters()
        : refcounts.tableClusters() > newTable.count()) {
      if (newTable != null) {
        // A header that names it may have reached the file although its write failed.
        for (int i = 0; i < newTable.count(); i++) {
          allocator.freeLater(newTable.first() + i);
        }
      }
      newTable = allocator.allocateContiguous(refcounts.tableClusters());
      context.extendTo((newTable.first() + newTable.count()) << g.clusterBits());
    }
  }

  private void writeTable() throws IOException {
    Geometry g = context.geometry();
    Allocator.Run run = newTable;
    if (run == null) {
      if (refcounts.isTableDirty()) {
        refcounts.writeTable();
        context.sync();
      }
      return;
    }
    refcounts.writeTableTo(run.first() << g.clusterBits());
    context.sync();
    Qcow2Header old = context.header();
    context.writeHeader(old.withRefcountTable(run.first() << g.clusterBits(), run.count()));
    newTable = null;
    refcounts.tableMoved();
    for (int i = 0; i < old.refcountClusters(); i++) {
      allocator.freeLater((old.refcountOffset() >>> g.clusterBits()) + i);
    }
    context.sync();
  }
}
