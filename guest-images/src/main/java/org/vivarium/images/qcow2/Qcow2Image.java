package org.vivarium.images.qcow2;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.vivarium.images.disk.BlockFile;
import org.vivarium.images.disk.DiskImage;
import org.vivarium.images.disk.DiskImageException;
import org.vivarium.images.disk.DiskOptions;
import org.vivarium.images.disk.Extent;
import org.vivarium.images.disk.FileKey;
import org.vivarium.images.disk.FileLocker;
import org.vivarium.images.disk.Ranges;

/**
 * A qcow2 image: version 3 for reading and writing; version 2, images with extended L2 entries,
 * with persistent bitmaps or marked as corrupt for reading only.
 *
 * <p>Internal snapshots are preserved. Discarded space goes back at a flush, once no access can
 * still use it. After a failed sync, or a failed change of the header by a resize, the image takes
 * no more writes. See {@link DiskImage} for threads and durability.
 */
public final class Qcow2Image implements DiskImage {
  private final ImageContext context;
  private final FileLocker.Lease lease;
  private final InFlight inFlight = new InFlight();
  private final ClusterMap map;
  private final ImageReader reader;
  private final MetadataFlush flush;
  private final ClusterWriter writer;
  private final ClusterEraser eraser;
  private final ImageResizer resizer;
  private final List<BlockFile> files;

  Qcow2Image(
      BlockFile file,
      FileLocker.Lease lease,
      Qcow2Header header,
      @Nullable DiskImage backing,
      int cacheBytes)
      throws IOException {
    this.lease = lease;
    this.context = new ImageContext(file, header);
    L1Table l1 = new L1Table(context);
    MetadataClusters metadata = new MetadataClusters();
    if (!file.isReadOnly()) {
      SnapshotTable snapshots = SnapshotTable.read(context);
      metadata = MetadataClusters.of(context, l1, snapshots);
      if (prepareForWriting(l1, snapshots)) {
        metadata = MetadataClusters.of(context, l1, snapshots);
      }
    }
    Refcounts refcounts = new Refcounts(context);
    L2Cache cache = new L2Cache(context, l1, metadata, cacheBytes);
    this.map = new ClusterMap(context, cache);
    this.reader = new ImageReader(context, map, backing);
    Allocator allocator = new Allocator(context, refcounts, metadata, inFlight);
    this.flush = new MetadataFlush(context, l1, cache, refcounts, allocator);
    ClusterWriter.Parts parts =
        new ClusterWriter.Parts(context, map, l1, cache, metadata, allocator, flush, reader);
    this.writer = new ClusterWriter(parts);
    this.eraser = new ClusterEraser(parts, writer);
    this.resizer = new ImageResizer(parts, writer, eraser);
    List<BlockFile> all = new ArrayList<>();
    all.add(file);
    if (backing != null) {
      all.addAll(backing.files());
    }
    this.files = List.copyOf(all);
  }

  /**
   * Opens an image, locks it and opens what lies below it as far as the options allow.
   *
   * @throws DiskImageException where it cannot be opened, with the reason
   */
  public static Qcow2Image open(Path path, DiskOptions options) throws IOException {
    return ImageOpener.open(path, options, List.of(FileKey.of(path)));
  }

  /** Repairs and marks what writing needs; true where the tables now lie elsewhere. */
  private boolean prepareForWriting(L1Table l1, SnapshotTable snapshots) throws IOException {
    boolean unclean = (context.header().incompatible() & Qcow2Header.DIRTY) != 0;
    if (unclean) {
      RefcountRebuild.run(context, l1, snapshots);
    }
    Qcow2Header header = context.header();
    if (header.autoclear() != 0) {
      // Features that this program does not know would no longer hold once it has written.
      context.writeHeader(header.withFeatures(header.incompatible(), 0));
      context.sync();
    }
    return unclean;
  }

  @Override
  public long size() {
    return context.header().size();
  }

  @Override
  public boolean isReadOnly() {
    return context.file().isReadOnly();
  }

  @Override
  public int allocationUnit() {
    return context.geometry().clusterSize();
  }

  @Override
  public void read(ByteBuffer dst, long offset) throws IOException {
    Ranges.check(context.file().path(), offset, dst.remaining(), size());
    long token = inFlight.enter();
    try {
      reader.read(dst, offset);
    } finally {
      inFlight.exit(token);
    }
  }

  @Override
  public void write(ByteBuffer src, long offset) throws IOException {
    checkWrite(offset, src.remaining());
    long token = inFlight.enter();
    try {
      long at = offset;
      while (src.hasRemaining()) {
        int n = writeInPlace(src, at);
        at +=
            n != 0
                ? n
                : writer.write(
                    at, src.remaining(), new ClusterWriter.Source(new ByteBuffer[] {src}, 0));
      }
    } finally {
      inFlight.exit(token);
    }
  }

  @Override
  public void write(ByteBuffer[] srcs, int first, int count, long offset) throws IOException {
    long left = Ranges.remaining(srcs, first, count);
    checkWrite(offset, left);
    long token = inFlight.enter();
    try {
      long at = offset;
      int i = first;
      while (left > 0) {
        if (!srcs[i].hasRemaining()) {
          i++;
          continue;
        }
        long n = writeInPlace(srcs[i], at);
        if (n == 0) {
          n = writer.write(at, left, new ClusterWriter.Source(srcs, i));
        }
        at += n;
        left -= n;
      }
    } finally {
      inFlight.exit(token);
    }
  }

  /** Writes the beginning of a buffer to the place that it has already; 0 where it has none. */
  private int writeInPlace(ByteBuffer src, long at) throws IOException {
    long mapping = map.at(at);
    if (ClusterMap.kind(mapping) != ClusterMap.OWNED) {
      return 0;
    }
    int limit = src.limit();
    int n = (int) map.run(at, mapping, src.remaining());
    src.limit(src.position() + n);
    context.file().write(src, ClusterMap.host(mapping));
    src.limit(limit);
    return n;
  }

  @Override
  public void flush() throws IOException {
    if (isReadOnly()) {
      return;
    }
    if (context.isDirty()) {
      context.lock().lock();
      try {
        flush.flush();
      } finally {
        context.lock().unlock();
      }
    }
    context.sync();
  }

  @Override
  public void discard(long offset, long length) throws IOException {
    checkWrite(offset, length);
    eraser.discard(offset, length);
  }

  @Override
  public void writeZeroes(long offset, long length, boolean mayUnmap) throws IOException {
    checkWrite(offset, length);
    eraser.writeZeroes(this, offset, length, mayUnmap);
  }

  @Override
  public void resize(long newSize) throws IOException {
    checkWrite(0, 0);
    resizer.resize(newSize);
  }

  @Override
  public List<BlockFile> files() {
    return files;
  }

  @Override
  public long beginAccess() {
    return inFlight.enter();
  }

  @Override
  public void endAccess(long token) {
    inFlight.exit(token);
  }

  @Override
  public void map(long offset, long length, Extent result) throws IOException {
    Ranges.check(context.file().path(), offset, length, size());
    long mapping = map.at(offset);
    long n = map.run(offset, mapping, length);
    switch (ClusterMap.kind(mapping)) {
      case ClusterMap.OWNED, ClusterMap.SHARED ->
          result.setData(
              0,
              ClusterMap.host(mapping),
              n,
              !isReadOnly()
                  && !context.hasFailed()
                  && ClusterMap.kind(mapping) == ClusterMap.OWNED);
      case ClusterMap.COMPRESSED -> result.setOther(Extent.Kind.COMPRESSED, n);
      case ClusterMap.ZERO -> result.setOther(Extent.Kind.ZERO, n);
      default -> mapBelow(offset, n, result);
    }
  }

  private void mapBelow(long offset, long length, Extent result) throws IOException {
    DiskImage backing = reader.backing();
    if (backing == null || offset >= backing.size()) {
      result.setOther(Extent.Kind.UNALLOCATED, length);
      return;
    }
    backing.map(offset, Math.min(length, backing.size() - offset), result);
    if (result.kind() == Extent.Kind.DATA) {
      result.shiftFile(1);
    }
  }

  @Override
  public void mapForWrite(long offset, long length, Extent result) throws IOException {
    checkWrite(offset, length);
    long mapping = map.at(offset);
    while (ClusterMap.kind(mapping) != ClusterMap.OWNED) {
      writer.write(offset, length, null);
      mapping = map.at(offset);
    }
    result.setData(0, ClusterMap.host(mapping), map.run(offset, mapping, length), true);
  }

  private void checkWrite(long offset, long length) throws IOException {
    if (isReadOnly()) {
      throw new DiskImageException("Image " + context.file().path() + " is open for reading only.");
    }
    context.checkStorage();
    Ranges.check(context.file().path(), offset, length, size());
  }

  @Override
  public void close() throws IOException {
    BlockFile file = context.file();
    DiskImage backing = reader.backing();
    try (lease;
        file;
        backing) {
      flush();
      if (context.isDirty()) {
        // What the first flush freed is written by a second one.
        flush();
      }
    }
  }
}
