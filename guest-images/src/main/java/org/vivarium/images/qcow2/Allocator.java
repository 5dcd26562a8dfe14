package org.vivarium.images.qcow2;

import java.io.IOException;

/**
 * Hands out host clusters and takes them back. Under the metadata lock.
 *
 * <p>A cluster that was given up passes three stations before it is handed out again: until the
 * change that gave it up is durable, until the accesses that may still use it have ended, and only
 * then is its refcount decreased and, at 0, its space given back to the host.
 */
final class Allocator {
  /** Clusters that may wait to be freed before metadata is flushed to free them. */
  private static final int MAX_WAITING = 1 << 16;

  private final ImageContext context;
  private final Refcounts refcounts;
  private final MetadataClusters metadata;
  private final InFlight inFlight;
  private final long maxCluster;
  private final LongList notDurable = new LongList();
  private final LongList durable = new LongList();
  private final LongList draining = new LongList();
  private long hint = 1;

  /**
   * Host clusters in a row.
   *
   * @param first number of the first
   * @param count how many
   * @param fresh whether they lie past the file's former end and so read as zeros
   */
  record Run(long first, int count, boolean fresh) {}

  Allocator(
      ImageContext context, Refcounts refcounts, MetadataClusters metadata, InFlight inFlight) {
    this.context = context;
    this.refcounts = refcounts;
    this.metadata = metadata;
    this.inFlight = inFlight;
    this.maxCluster = (Entries.OFFSET >>> context.geometry().clusterBits()) - 1;
  }

  /** Allocates the first free cluster and up to {@code most - 1} free ones right after it. */
  Run allocate(int most) throws IOException {
    while (true) {
      long first = firstFree(hint);
      hint = first;
      int count = freeFrom(first, most);
      if (coverByBlocks(first, count)) {
        hint = first + count;
        return take(first, count);
      }
    }
  }

  /** Allocates exactly that many clusters in a row. */
  Run allocateContiguous(int count) throws IOException {
    long from = hint;
    while (true) {
      long first = firstFree(from);
      int found = freeFrom(first, count);
      if (found < count) {
        from = first + found;
      } else if (coverByBlocks(first, count)) {
        return take(first, count);
      }
    }
  }

  private long firstFree(long from) throws IOException {
    long cluster = from;
    while (!isFree(cluster)) {
      cluster++;
    }
    context
        .check()
        .that(cluster < maxCluster, "cannot grow: it has no host offsets left below 2^56");
    return cluster;
  }

  private int freeFrom(long first, int most) throws IOException {
    int count = 1;
    while (count < most && isFree(first + count)) {
      count++;
    }
    return count;
  }

  private boolean isFree(long cluster) throws IOException {
    return refcounts.get(cluster) == 0 && !metadata.contains(cluster);
  }

  /** Whether blocks cover the run; otherwise one was added, in the run, and the search repeats. */
  private boolean coverByBlocks(long first, int count) throws IOException {
    for (long c = first; c < first + count; c = refcounts.endOfBlock(c)) {
      if (!refcounts.hasBlock(c)) {
        refcounts.addBlock(c);
        metadata.add(c);
        context.extendTo((c + 1) << context.geometry().clusterBits());
        return false;
      }
    }
    return true;
  }

  private Run take(long first, int count) throws IOException {
    int bits = context.geometry().clusterBits();
    int done = 0;
    try {
      for (; done < count; done++) {
        refcounts.set(first + done, 1);
      }
    } finally {
      if (done < count) {
        release(new Run(first, done, false));
      }
    }
    boolean fresh = first << bits >= context.fileEnd();
    context.extendTo((first + count) << bits);
    return new Run(first, count, fresh);
  }

  /** Takes back clusters that nothing has ever referred to. */
  void release(Run run) throws IOException {
    for (long c = run.first(); c < run.first() + run.count(); c++) {
      refcounts.set(c, 0);
      metadata.remove(c);
      hint = Math.min(hint, c);
    }
  }

  /** Gives up one reference to a cluster, once the present changes are durable. */
  void freeLater(long cluster) {
    notDurable.add(cluster);
    context.setDirty(true);
  }

  /** Gives up what an L2 entry refers to, once the present changes are durable. */
  void freeLaterEntry(long entry) {
    int bits = context.geometry().clusterBits();
    if ((entry & Entries.COMPRESSED) != 0) {
      long offset = Entries.compressedOffset(entry, bits);
      long last = offset + Entries.compressedLength(entry, bits) - 1;
      for (long c = offset >>> bits; c <= last >>> bits; c++) {
        freeLater(c);
      }
    } else if (Entries.offset(entry) != 0) {
      freeLater(Entries.offset(entry) >>> bits);
    }
  }

  /** Whether clusters were given up by changes that are not durable. */
  boolean hasNotDurable() {
    return !notDurable.isEmpty();
  }

  /** Whether any clusters wait to be freed. */
  boolean hasWaiting() {
    return !notDurable.isEmpty() || !durable.isEmpty() || !draining.isEmpty();
  }

  /** Whether so many wait that the metadata should be flushed. */
  boolean isCrowded() {
    return notDurable.size() >= MAX_WAITING;
  }

  /** Notes that all changes so far are durable, and frees what no access can still use. */
  void changesAreDurable() throws IOException {
    durable.takeAll(notDurable);
    if (inFlight.drained()) {
      freeAll(draining);
      draining.takeAll(durable);
      inFlight.advance();
      if (inFlight.drained()) {
        freeAll(draining);
      }
    }
  }

  private void freeAll(LongList clusters) throws IOException {
    clusters.sort();
    long holeEnd = 0;
    long holeStart = 0;
    while (!clusters.isEmpty()) {
      long cluster = clusters.last();
      long count = refcounts.get(cluster);
      if (count > 0) {
        refcounts.set(cluster, count - 1);
      }
      clusters.removeLast();
      if (count != 1) {
        continue;
      }
      metadata.remove(cluster);
      hint = Math.min(hint, cluster);
      if (cluster + 1 != holeStart) {
        punch(holeStart, holeEnd);
        holeEnd = cluster + 1;
      }
      holeStart = cluster;
    }
    punch(holeStart, holeEnd);
  }

  private void punch(long from, long to) throws IOException {
    if (from < to) {
      int bits = context.geometry().clusterBits();
      context.file().punchHole(from << bits, (to - from) << bits);
    }
  }
}
