package org.vivarium.images.qcow2;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.BitSet;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * The active L1 table, all of it in memory. Read without a lock, changed under the metadata lock;
 * an entry goes from none to a table or from one table to a copy of it, never back to none.
 */
final class L1Table {
  private final ImageContext context;
  private final BitSet dirty = new BitSet();
  private volatile AtomicLongArray entries;

  L1Table(ImageContext context) throws IOException {
    this.context = context;
    Qcow2Header header = context.header();
    entries = new AtomicLongArray(context.readLongs(header.l1Offset(), header.l1Size()));
  }

  int length() {
    return entries.length();
  }

  /** The entry as it is, 0 for none. */
  long get(int index) {
    return entries.getAcquire(index);
  }

  /** Host byte offset of the L2 table, 0 for none; checked. */
  long tableOffset(int index) throws IOException {
    long entry = get(index);
    long offset = Entries.offset(entry);
    if (entry == 0) {
      return 0;
    }
    Geometry geometry = context.geometry();
    context
        .check()
        .that(
            !Entries.hasL1Reserved(entry)
                && offset != 0
                && geometry.isAligned(offset)
                && offset < context.fileEnd(),
            "has the L1 entry %d of value 0x%x; allowed are clusters within the file"
                .formatted(index, entry));
    return offset;
  }

  /** Changes an entry in memory. Under the lock. */
  void set(int index, long entry) {
    entries.setRelease(index, entry);
    dirty.set(index);
    context.setDirty(true);
  }

  /** Whether entries differ from the file. Under the lock. */
  boolean isDirty() {
    return !dirty.isEmpty();
  }

  /** Writes changed entries; not synced. Under the lock. */
  void writeDirty() throws IOException {
    for (int from = dirty.nextSetBit(0); from >= 0; from = dirty.nextSetBit(from)) {
      int to = dirty.nextClearBit(from);
      context.file().write(encode(from, to), context.header().l1Offset() + from * 8L);
      dirty.clear(from, to);
    }
  }

  private ByteBuffer encode(int from, int to) {
    ByteBuffer b = ByteBuffer.allocate((to - from) * Long.BYTES);
    for (int i = from; i < to; i++) {
      b.putLong(get(i));
    }
    return b.flip();
  }

  /**
   * Writes a copy with room for more entries to another place; the copy becomes the active table
   * once the header says so. Under the lock, with nothing dirty.
   */
  void writeCopy(long offset, int clusters) throws IOException {
    ByteBuffer b = ByteBuffer.allocate(clusters << context.geometry().clusterBits());
    b.put(encode(0, length()));
    context.file().write(b.clear(), offset);
  }

  /** Takes the size that the header now states. Under the lock. */
  void grow() {
    AtomicLongArray old = entries;
    AtomicLongArray grown = new AtomicLongArray(context.header().l1Size());
    for (int i = 0; i < old.length(); i++) {
      grown.setPlain(i, old.getPlain(i));
    }
    entries = grown;
  }
}
