package org.vivarium.images.qcow2;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;
import org.vivarium.images.disk.Zeros;

/**
 * Writes to guest clusters that must first be allocated here: copies what the write leaves of the
 * old content, writes the data, and only then refers to the new clusters.
 *
 * <p>Takes the metadata lock for the whole of it, so that two writers of one cluster, and a flush,
 * see either nothing of it or all.
 */
final class ClusterWriter {
  /** Most bytes that are allocated in one go. */
  private static final int MAX_RUN_BYTES = 2 << 20;

  private final ImageContext context;
  private final ClusterMap map;
  private final L1Table l1;
  private final L2Cache cache;
  private final MetadataClusters metadata;
  private final Allocator allocator;
  private final MetadataFlush flush;
  private final ImageReader reader;

  /** The parts of an image that a writer works on. */
  record Parts(
      ImageContext context,
      ClusterMap map,
      L1Table l1,
      L2Cache cache,
      MetadataClusters metadata,
      Allocator allocator,
      MetadataFlush flush,
      ImageReader reader) {}

  ClusterWriter(Parts parts) {
    this.context = parts.context();
    this.map = parts.map();
    this.l1 = parts.l1();
    this.cache = parts.cache();
    this.metadata = parts.metadata();
    this.allocator = parts.allocator();
    this.flush = parts.flush();
    this.reader = parts.reader();
  }

  /** The buffers of a write, of which {@code next} is the first with bytes left. */
  record Source(ByteBuffer[] buffers, int next) {
    private void writeTo(ImageContext context, long host, long length) throws IOException {
      long done = 0;
      for (int i = next; done < length; i++) {
        ByteBuffer b = buffers[i];
        int limit = b.limit();
        int n = (int) Math.min(b.remaining(), length - done);
        b.limit(b.position() + n);
        context.file().write(b, host + done);
        b.limit(limit);
        done += n;
      }
    }
  }

  /**
   * Allocates the clusters at the beginning of a guest range and writes to them.
   *
   * @param source what to write; null to allocate only, the old content kept
   * @return bytes of the range that are done; 0 where its first cluster is allocated already
   */
  long write(long position, long length, @Nullable Source source) throws IOException {
    Geometry g = context.geometry();
    long cluster = position >>> g.clusterBits();
    context.lock().lock();
    try {
      context.checkStorage();
      if (allocator.isCrowded()) {
        flush.flush();
      }
      long entry = map.entry(cluster);
      if (Entries.isOwnedData(entry)) {
        return 0;
      }
      int within = (int) (position & (g.clusterSize() - 1));
      L2Slice slice = writableSlice(cluster);
      int index = map.index(cluster);
      Allocator.Run run;
      boolean reuse = isOwnedZero(entry);
      if (reuse) {
        run = new Allocator.Run(Entries.offset(entry) >>> g.clusterBits(), 1, false);
      } else {
        run = allocator.allocate(needed(slice, index, within, length));
      }
      long host = run.first() << g.clusterBits();
      long done = Math.min(length, ((long) run.count() << g.clusterBits()) - within);
      boolean written = false;
      try {
        long start = position - within;
        long end = (long) run.count() << g.clusterBits();
        if (source == null) {
          keep(start, host, 0, end, run.fresh());
          if (run.fresh() && context.file().size() < host + end) {
            // Nobody may refer to a cluster beyond the end of the file.
            context.file().truncate(host + end);
          }
        } else {
          keep(start, host, 0, within, run.fresh());
          source.writeTo(context, host + within, done);
          keep(start, host, within + done, end, run.fresh());
        }
        written = true;
      } finally {
        if (!written && !reuse) {
          allocator.release(run);
        }
      }
      refer(slice, index, run, reuse);
      return done;
    } finally {
      context.lock().unlock();
    }
  }

  private static boolean isOwnedZero(long entry) {
    return (entry & (Entries.COPIED | Entries.ZERO | Entries.COMPRESSED))
            == (Entries.COPIED | Entries.ZERO)
        && Entries.offset(entry) != 0;
  }

  /** Clusters from an entry on, within its slice and the range, that all need a new place. */
  private int needed(L2Slice slice, int index, int within, long length) {
    Geometry g = context.geometry();
    long wanted = g.clusters(Math.min(MAX_RUN_BYTES, within + length));
    long inSlice = (1L << g.sliceBits()) - index;
    int most = (int) Math.min(wanted, inSlice);
    int count = 1;
    while (count < most) {
      long entry = slice.get(index + count);
      if (slice.isBad(index + count) || Entries.isOwnedData(entry) || isOwnedZero(entry)) {
        break;
      }
      count++;
    }
    return count;
  }

  /** Copies the old content of a part of the new clusters. */
  private void keep(long guest, long host, long from, long to, boolean fresh) throws IOException {
    Geometry g = context.geometry();
    long at = from;
    while (at < to) {
      long mapping = map.at(guest + at);
      long n = map.run(guest + at, mapping, to - at);
      if (!reader.isZero(mapping, guest + at)) {
        n = Math.min(n, g.clusterSize());
        ByteBuffer scratch = context.scratch().limit((int) n);
        reader.read(scratch, guest + at);
        context.file().write(scratch.flip(), host + at);
      } else if (!fresh) {
        Zeros.write(context.file(), host + at, n);
      }
      at += n;
    }
  }

  private void refer(L2Slice slice, int index, Allocator.Run run, boolean reuse) {
    int bits = context.geometry().clusterBits();
    for (int i = 0; i < run.count(); i++) {
      long old = slice.get(index + i);
      slice.set(index + i, (run.first() + i) << bits | Entries.COPIED);
      if (!reuse) {
        allocator.freeLaterEntry(old);
      }
    }
    cache.markDirty(slice);
  }

  /**
   * The slice of a guest cluster, cached and in an L2 table that may be changed; allocated or
   * copied where it was not. Under the lock.
   */
  L2Slice writableSlice(long cluster) throws IOException {
    int i = (int) (cluster >>> context.geometry().l2Bits());
    long entry = l1.get(i);
    if ((entry & Entries.COPIED) == 0) {
      newTable(i, l1.tableOffset(i));
    }
    L2Slice slice = cache.cached(cluster);
    if (slice == null) {
      flush.flush();
      slice = cache.cached(cluster);
    }
    if (slice == null) {
      throw new IllegalStateException("No clean slice after a flush of " + context.file().path());
    }
    return slice;
  }

  private void newTable(int l1Index, long oldOffset) throws IOException {
    Geometry g = context.geometry();
    Allocator.Run run = allocator.allocate(1);
    long offset = run.first() << g.clusterBits();
    boolean written = false;
    try {
      if (oldOffset == 0) {
        Zeros.write(context.file(), offset, g.clusterSize());
      } else {
        ByteBuffer scratch = context.scratch();
        context.file().read(scratch, oldOffset);
        context.file().write(scratch.flip(), offset);
      }
      written = true;
    } finally {
      if (!written) {
        allocator.release(run);
      }
    }
    metadata.add(run.first());
    l1.set(l1Index, offset | Entries.COPIED);
    if (oldOffset != 0) {
      allocator.freeLater(oldOffset >>> g.clusterBits());
    }
  }
}
