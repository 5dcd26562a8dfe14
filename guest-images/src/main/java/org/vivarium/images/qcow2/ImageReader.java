package org.vivarium.images.qcow2;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;
import org.vivarium.images.disk.DiskImage;
import org.vivarium.images.disk.Zeros;

/** Reads guest ranges through the mapping, and from the backing file below it. Any thread. */
final class ImageReader {
  private final ImageContext context;
  private final ClusterMap map;
  private final CompressedClusters compressed;
  private final @Nullable DiskImage backing;

  ImageReader(ImageContext context, ClusterMap map, @Nullable DiskImage backing) {
    this.context = context;
    this.map = map;
    this.backing = backing;
    this.compressed = new CompressedClusters(context);
  }

  /** The image below, or null. */
  @Nullable DiskImage backing() {
    return backing;
  }

  /** Whether a guest offset lies within the backing file, so that its content may show there. */
  boolean isBacked(long position) {
    return backing != null && position < backing.size();
  }

  /** Whether a guest offset of that mapping reads as zeros, without looking into any file. */
  boolean isZero(long mapping, long position) {
    int kind = ClusterMap.kind(mapping);
    return kind == ClusterMap.ZERO || (kind == ClusterMap.UNALLOCATED && !isBacked(position));
  }

  /**
   * Fills {@code dst}. The range may exceed the disk up to the end of its last cluster. Within an
   * access counted by {@link InFlight}, or under the metadata lock.
   */
  void read(ByteBuffer dst, long offset) throws IOException {
    int limit = dst.limit();
    long position = offset;
    while (dst.position() < limit) {
      long mapping = map.at(position);
      int n = (int) map.run(position, mapping, limit - dst.position());
      dst.limit(dst.position() + n);
      switch (ClusterMap.kind(mapping)) {
        case ClusterMap.SHARED, ClusterMap.OWNED ->
            context.file().read(dst, ClusterMap.host(mapping));
        case ClusterMap.COMPRESSED -> readCompressed(dst, position);
        case ClusterMap.UNALLOCATED -> readBacking(dst, position);
        default -> Zeros.fill(dst);
      }
      dst.limit(limit);
      position += n;
    }
  }

  private void readCompressed(ByteBuffer dst, long position) throws IOException {
    Geometry g = context.geometry();
    long entry = map.entry(position >>> g.clusterBits());
    if ((entry & Entries.COMPRESSED) == 0) {
      // Written meanwhile by another thread: read it as it is now.
      read(dst, position);
      return;
    }
    compressed.read(entry, (int) (position & (g.clusterSize() - 1)), dst);
  }

  private void readBacking(ByteBuffer dst, long position) throws IOException {
    if (backing != null && position < backing.size()) {
      int limit = dst.limit();
      dst.limit(dst.position() + (int) Math.min(dst.remaining(), backing.size() - position));
      backing.read(dst, position);
      dst.limit(limit);
    }
    Zeros.fill(dst);
  }
}
