package org.vivarium.images.qcow2;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Counts all references anew and writes a new refcount table and blocks at the file's end: what an
 * image with the dirty bit needs, whose refcounts were not kept up to date (lazy refcounts).
 *
 * <p>The old structure stays untouched until one header write switches to the new one and clears
 * the dirty bit. Before that, COPIED flags are corrected in place, which is harmless to repeat.
 */
final class RefcountRebuild {
  /** File clusters that are counted in memory, 4 bytes each. */
  private static final long MAX_CLUSTERS = 1L << 26;

  private final ImageContext context;
  private final Geometry geometry;
  private final int[] counts;

  private RefcountRebuild(ImageContext context) throws IOException {
    this.context = context;
    this.geometry = context.geometry();
    long clusters = context.fileEnd() >>> geometry.clusterBits();
    context
        .check()
        .that(
            clusters <= MAX_CLUSTERS,
            "was not closed and is too large to repair here; repair it with qemu-img check -r all");
    this.counts = new int[(int) clusters];
  }

  /** Rebuilds the refcounts of an image open for writing, before anything else uses them. */
  static void run(ImageContext context, L1Table l1, SnapshotTable snapshots) throws IOException {
    RefcountRebuild rebuild = new RefcountRebuild(context);
    rebuild.count(l1, snapshots);
    rebuild.correctCopied(l1);
    rebuild.writeAndSwitch();
  }

  private void count(L1Table l1, SnapshotTable snapshots) throws IOException {
    Qcow2Header header = context.header();
    mark(0, geometry.clusterSize());
    mark(header.l1Offset(), header.l1Size() * 8L);
    mark(header.snapshotsOffset(), snapshots.bytes());
    for (SnapshotTable.Snapshot snapshot : snapshots.list()) {
      mark(snapshot.l1Offset(), snapshot.l1Size() * 8L);
    }
    for (int i = 0; i < l1.length(); i++) {
      countTable(l1.tableOffset(i));
    }
    for (SnapshotTable.Snapshot snapshot : snapshots.list()) {
      for (long entry : context.readLongs(snapshot.l1Offset(), snapshot.l1Size())) {
        countTable(checkedOffset(Entries.offset(entry)));
      }
    }
    context.check().that(counts[0] == 1, "refers to its own header" + REMEDY);
    for (long i = 0; i < geometry.clusters(header.l1Size() * 8L); i++) {
      long cluster = (header.l1Offset() >>> geometry.clusterBits()) + i;
      context.check().that(counts[(int) cluster] == 1, "refers to its own L1 table" + REMEDY);
    }
  }

  private static final String REMEDY = "; repair it with qemu-img check -r all";

  private long checkedOffset(long offset) throws IOException {
    context
        .check()
        .that(
            geometry.isAligned(offset) && offset < context.fileEnd(),
            "refers to offset 0x%x, which is no cluster of the file".formatted(offset) + REMEDY);
    return offset;
  }

  private void countTable(long table) throws IOException {
    if (table == 0) {
      return;
    }
    mark(table, geometry.clusterSize());
    for (long entry : context.readLongs(table, geometry.clusterSize() / Long.BYTES)) {
      if ((entry & Entries.COMPRESSED) != 0) {
        long offset = Entries.compressedOffset(entry, geometry.clusterBits());
        int length = Entries.compressedLength(entry, geometry.clusterBits());
        mark(offset, Math.min(length, context.fileEnd() - offset));
      } else if (Entries.offset(entry) != 0) {
        mark(checkedOffset(Entries.offset(entry)), geometry.clusterSize());
      }
    }
  }

  /** Counts a reference to each cluster that the range touches. */
  private void mark(long offset, long bytes) throws IOException {
    if (bytes == 0) {
      return;
    }
    context
        .check()
        .that(
            offset >= 0 && bytes > 0 && bytes <= context.fileEnd() - offset,
            "refers to offset 0x%x, beyond the file's end".formatted(offset) + REMEDY);
    int last = (int) ((offset + bytes - 1) >>> geometry.clusterBits());
    for (int c = (int) (offset >>> geometry.clusterBits()); c <= last; c++) {
      counts[c]++;
      context
          .check()
          .that(
              counts[c] <= geometry.maxRefcount() && counts[c] > 0,
              "refers to a cluster more often than its refcounts can state" + REMEDY);
    }
  }

  /** Sets the COPIED flag of the active tables' entries exactly where the count is one. */
  private void correctCopied(L1Table l1) throws IOException {
    for (int i = 0; i < l1.length(); i++) {
      long table = l1.tableOffset(i);
      if (table == 0) {
        continue;
      }
      long[] entries = context.readLongs(table, geometry.clusterSize() / Long.BYTES);
      boolean changed = false;
      for (int j = 0; j < entries.length; j++) {
        long entry = entries[j];
        if ((entry & Entries.COMPRESSED) == 0 && Entries.offset(entry) != 0) {
          entries[j] = withCopied(entry);
          changed |= entries[j] != entry;
        }
      }
      if (changed) {
        ByteBuffer b = ByteBuffer.allocate(geometry.clusterSize());
        b.asLongBuffer().put(entries);
        context.file().write(b, table);
      }
      long entry = l1.get(i);
      if (withCopied(entry) != entry) {
        l1.set(i, withCopied(entry));
      }
    }
    l1.writeDirty();
  }

  private long withCopied(long entry) {
    int cluster = (int) (Entries.offset(entry) >>> geometry.clusterBits());
    return counts[cluster] == 1 ? entry | Entries.COPIED : entry & ~Entries.COPIED;
  }

  private void writeAndSwitch() throws IOException {
    int perBlock = 1 << geometry.refcountBlockBits();
    int perTable = geometry.clusterSize() / Long.BYTES;
    long start = counts.length;
    long blocks = 0;
    long tables = 0;
    // The structure counts its own clusters too, so its size is found step by step.
    while (blocks * perBlock < start + blocks + tables || tables * perTable < blocks) {
      blocks = (start + blocks + tables) / perBlock + 1;
      tables = (blocks + perTable - 1) / perTable;
    }
    long end = start + blocks + tables;
    ByteBuffer table = ByteBuffer.allocate((int) tables << geometry.clusterBits());
    for (int i = 0; i < blocks; i++) {
      long offset = (start + i) << geometry.clusterBits();
      ByteBuffer data = ByteBuffer.allocate(geometry.clusterSize());
      RefcountBlock block = new RefcountBlock(i, offset, data, geometry.refcountOrder());
      for (int j = 0; j < perBlock; j++) {
        long cluster = (long) i * perBlock + j;
        if (cluster < end) {
          block.set(j, cluster < start ? counts[(int) cluster] : 1);
        }
      }
      context.file().write(data.clear(), offset);
      table.putLong(i * 8, offset);
    }
    long tableOffset = (start + blocks) << geometry.clusterBits();
    context.file().write(table, tableOffset);
    context.sync();
    Qcow2Header header = context.header();
    context.writeHeader(
        header
            .withRefcountTable(tableOffset, (int) tables)
            .withFeatures(header.incompatible() & ~Qcow2Header.DIRTY, header.autoclear()));
    context.sync();
    context.extendTo(end << geometry.clusterBits());
  }
}
