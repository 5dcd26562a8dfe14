package org.vivarium.images.qcow2;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The refcount table, all of it in memory, and a bounded cache of refcount blocks. Under the
 * metadata lock.
 *
 * <p>Blocks may be written at any time: an increase that nothing refers to yet is a leak at worst,
 * and a decrease is made only when what referred to the cluster is gone from the file. A table
 * entry is written only after its block is durable.
 */
final class Refcounts {
  private static final int CACHE_BYTES = 8 << 20;
  private static final int MIN_BLOCKS = 4;

  private final ImageContext context;
  private final int blockBits;
  private final int maxBlocks;
  private final Map<Integer, RefcountBlock> blocks = new LinkedHashMap<>(16, 0.75f, true);
  private final BitSet dirtyEntries = new BitSet();
  private long[] table;

  Refcounts(ImageContext context) throws IOException {
    this.context = context;
    Geometry g = context.geometry();
    this.blockBits = g.refcountBlockBits();
    this.maxBlocks = Math.max(MIN_BLOCKS, CACHE_BYTES >>> g.clusterBits());
    Qcow2Header header = context.header();
    this.table =
        context.readLongs(
            header.refcountOffset(), header.refcountClusters() << (g.clusterBits() - 3));
  }

  /** Host byte offset of the block that a table entry points at; checked. */
  static long blockOffset(ImageContext context, long entry) throws IOException {
    long offset = entry & Entries.REFCOUNT_BLOCK_OFFSET;
    context
        .check()
        .that(
            entry == offset
                && offset > 0
                && context.geometry().isAligned(offset)
                && offset < context.fileEnd(),
            "has the refcount table entry 0x%x; allowed are clusters within the file"
                .formatted(entry));
    return offset;
  }

  /** The refcount of a host cluster; 0 where no block covers it. */
  long get(long cluster) throws IOException {
    if (!hasBlock(cluster)) {
      return 0;
    }
    return block((int) (cluster >>> blockBits)).get(inBlock(cluster));
  }

  /** Sets the refcount of a host cluster that a block covers. */
  void set(long cluster, long value) throws IOException {
    block((int) (cluster >>> blockBits)).set(inBlock(cluster), value);
    context.setDirty(true);
  }

  private int inBlock(long cluster) {
    return (int) (cluster & ((1L << blockBits) - 1));
  }

  /** Whether a block covers the cluster. */
  boolean hasBlock(long cluster) {
    long index = cluster >>> blockBits;
    return index < table.length && table[(int) index] != 0;
  }

  /** First cluster after those that the block of this cluster covers. */
  long endOfBlock(long cluster) {
    return ((cluster >>> blockBits) + 1) << blockBits;
  }

  /**
   * Makes a free cluster the refcount block of the range that it lies in; the block counts itself.
   * The table grows where needed, in memory.
   */
  void addBlock(long cluster) throws IOException {
    Geometry g = context.geometry();
    long index = cluster >>> blockBits;
    if (index >= table.length) {
      growTable(index);
    }
    makeRoom();
    ByteBuffer data = ByteBuffer.allocateDirect(g.clusterSize());
    long offset = cluster << g.clusterBits();
    RefcountBlock block = new RefcountBlock((int) index, offset, data, g.refcountOrder());
    block.markAllDirty();
    block.set(inBlock(cluster), 1);
    blocks.put((int) index, block);
    table[(int) index] = offset;
    dirtyEntries.set((int) index);
    context.setDirty(true);
  }

  private void growTable(long index) throws IOException {
    int perCluster = context.geometry().clusterSize() / Long.BYTES;
    long wanted = Math.max(index + 4, table.length + table.length / 2L);
    long length = (wanted + perCluster - 1) / perCluster * perCluster;
    context
        .check()
        .that(
            length * 8 <= Qcow2Header.MAX_REFCOUNT_TABLE_BYTES,
            "cannot grow: its refcount table would exceed "
                + Qcow2Header.MAX_REFCOUNT_TABLE_BYTES
                + " bytes");
    table = Arrays.copyOf(table, (int) length);
  }

  private RefcountBlock block(int index) throws IOException {
    RefcountBlock found = blocks.get(index);
    if (found != null) {
      return found;
    }
    makeRoom();
    Geometry g = context.geometry();
    long offset = blockOffset(context, table[index]);
    ByteBuffer data = ByteBuffer.allocateDirect(g.clusterSize());
    context.file().read(data, offset);
    RefcountBlock block = new RefcountBlock(index, offset, data.clear(), g.refcountOrder());
    blocks.put(index, block);
    return block;
  }

  private void makeRoom() throws IOException {
    if (blocks.size() < maxBlocks) {
      return;
    }
    Iterator<RefcountBlock> eldest = blocks.values().iterator();
    write(eldest.next());
    eldest.remove();
  }

  private void write(RefcountBlock block) throws IOException {
    if (block.isDirty()) {
      context.file().write(block.dirtySectors(), block.offset + block.dirtyStart());
      block.markClean();
    }
  }

  /** Whether blocks in memory differ from the file. */
  boolean hasDirtyBlocks() {
    return blocks.values().stream().anyMatch(RefcountBlock::isDirty);
  }

  /** Writes changed blocks; not synced. */
  void writeBlocks() throws IOException {
    for (RefcountBlock block : blocks.values()) {
      write(block);
    }
  }

  /** Whether the table in memory has entries that the file's lacks. */
  boolean isTableDirty() {
    return !dirtyEntries.isEmpty();
  }

  /** Clusters of the table in memory; more than the header states where it has grown. */
  int tableClusters() {
    return (int) context.geometry().clusters(table.length * 8L);
  }

  /** Writes the changed entries to the table's present place; not synced. */
  void writeTable() throws IOException {
    long offset = context.header().refcountOffset();
    for (int i = dirtyEntries.nextSetBit(0); i >= 0; i = dirtyEntries.nextSetBit(i + 1)) {
      ByteBuffer entry = ByteBuffer.allocate(Long.BYTES).putLong(0, table[i]);
      context.file().write(entry, offset + i * 8L);
    }
    dirtyEntries.clear();
  }

  /** Writes the whole table to a new place; not synced, and not yet the one in use. */
  void writeTableTo(long offset) throws IOException {
    ByteBuffer all = ByteBuffer.allocate(table.length * Long.BYTES);
    all.asLongBuffer().put(table);
    context.file().write(all, offset);
  }

  /** Notes that the header states the whole table's new place. */
  void tableMoved() {
    dirtyEntries.clear();
  }
}
