package org.vivarium.images.qcow2;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * A bounded cache of L2 slices, eight-way set-associative, with second-chance eviction.
 *
 * <p>A hit takes no lock and allocates nothing. A slice that was evicted stays valid for whoever
 * still holds it, with the content of that time; {@link InFlight} makes that safe. A dirty slice is
 * never evicted.
 */
final class L2Cache {
  private static final int WAYS = 8;

  private final ImageContext context;
  private final L1Table l1;
  private final MetadataClusters metadata;
  private final int setMask;
  private final AtomicReferenceArray<@Nullable L2Slice> slots;
  private final List<L2Slice> dirty = new ArrayList<>();
  private final ByteBuffer buffer;

  L2Cache(ImageContext context, L1Table l1, MetadataClusters metadata, int cacheBytes) {
    this.context = context;
    this.l1 = l1;
    this.metadata = metadata;
    Geometry g = context.geometry();
    int sliceBytes = g.entrySize() << g.sliceBits();
    long wanted = (context.header().size() >>> (g.clusterBits() + g.sliceBits())) + WAYS;
    long slices = Math.min(wanted, cacheBytes / sliceBytes);
    int sets = Integer.highestOneBit((int) Math.max(2, 2 * slices / WAYS));
    this.setMask = sets - 1;
    this.slots = new AtomicReferenceArray<>(sets * WAYS);
    this.buffer = ByteBuffer.allocateDirect(sliceBytes);
  }

  /** The slice of a guest cluster; null where no L2 table is allocated. Any thread. */
  @Nullable L2Slice slice(long cluster) throws IOException {
    Geometry g = context.geometry();
    long l1Index = cluster >>> g.l2Bits();
    if (l1Index >= l1.length() || l1.get((int) l1Index) == 0) {
      return null;
    }
    long index = cluster >>> g.sliceBits();
    L2Slice found = find(index);
    if (found != null) {
      return found;
    }
    context.lock().lock();
    try {
      found = find(index);
      if (found != null) {
        return found;
      }
      // Without room for it, it still serves this one access.
      int slot = victim(index);
      L2Slice loaded = load(index);
      if (slot >= 0) {
        slots.setRelease(slot, loaded);
      }
      return loaded;
    } finally {
      context.lock().unlock();
    }
  }

  /**
   * The cached slice, to be changed; null where the cache must be flushed first to make room. Under
   * the lock, with the L2 table allocated.
   */
  @Nullable L2Slice cached(long cluster) throws IOException {
    long index = cluster >>> context.geometry().sliceBits();
    L2Slice found = find(index);
    if (found == null) {
      int slot = victim(index);
      if (slot < 0) {
        return null;
      }
      found = load(index);
      slots.setRelease(slot, found);
    }
    return found;
  }

  private int firstSlot(long index) {
    return ((int) (index ^ (index >>> 20)) & setMask) * WAYS;
  }

  private @Nullable L2Slice find(long index) {
    int first = firstSlot(index);
    for (int i = first; i < first + WAYS; i++) {
      L2Slice slice = slots.getAcquire(i);
      if (slice != null && slice.index == index) {
        if (!slice.referenced) {
          slice.referenced = true;
        }
        return slice;
      }
    }
    return null;
  }

  /** A slot that may be overwritten, or -1 where all of its set are dirty. */
  private int victim(long index) {
    int first = firstSlot(index);
    int clean = -1;
    for (int i = first; i < first + WAYS; i++) {
      L2Slice slice = slots.getPlain(i);
      if (slice == null) {
        return i;
      }
      if (!slice.dirty && (clean < 0 || !slice.referenced)) {
        clean = i;
      }
      slice.referenced = false;
    }
    return clean;
  }

  private L2Slice load(long index) throws IOException {
    Geometry g = context.geometry();
    int words = g.entrySize() / Long.BYTES;
    long[] values = context.readLongs(hostOffset(index), words << g.sliceBits());
    BitSet bad = null;
    for (int i = 0; i < 1 << g.sliceBits(); i++) {
      long entry = values[i * words];
      if (entry != 0 && !isGood(entry)) {
        bad = bad == null ? new BitSet() : bad;
        bad.set(i);
      }
    }
    return new L2Slice(index, values, words, bad);
  }

  private long hostOffset(long index) throws IOException {
    Geometry g = context.geometry();
    int inTable = g.l2Bits() - g.sliceBits();
    long table = l1.tableOffset((int) (index >>> inTable));
    long part = index & ((1L << inTable) - 1);
    return table + part * ((long) g.entrySize() << g.sliceBits());
  }

  /** Whether an entry may be followed: its cluster lies in the file and is not metadata. */
  private boolean isGood(long entry) {
    Geometry g = context.geometry();
    if ((entry & Entries.COMPRESSED) != 0) {
      long offset = Entries.compressedOffset(entry, g.clusterBits());
      return (entry & Entries.COPIED) == 0 && offset < context.fileEnd();
    }
    long offset = Entries.offset(entry);
    boolean zeroFlagAllowed = context.header().version() == 3 && !g.extendedL2();
    return !Entries.hasL2Reserved(entry)
        && (zeroFlagAllowed || (entry & Entries.ZERO) == 0)
        && g.isAligned(offset)
        && offset < context.fileEnd()
        && (offset == 0 || !metadata.contains(offset >>> g.clusterBits()));
  }

  /** Notes that a cached slice was changed. Under the lock. */
  void markDirty(L2Slice slice) {
    if (!slice.dirty) {
      slice.dirty = true;
      dirty.add(slice);
      context.setDirty(true);
    }
  }

  /** Whether slices differ from the file. Under the lock. */
  boolean isDirty() {
    return !dirty.isEmpty();
  }

  /** Writes changed slices; not synced. Under the lock. */
  void writeDirty() throws IOException {
    while (!dirty.isEmpty()) {
      L2Slice slice = dirty.getLast();
      buffer.clear();
      for (int i = 0; i < slice.wordCount(); i++) {
        buffer.putLong(slice.word(i));
      }
      context.file().write(buffer.flip(), hostOffset(slice.index));
      slice.dirty = false;
      dirty.removeLast();
    }
  }
}
