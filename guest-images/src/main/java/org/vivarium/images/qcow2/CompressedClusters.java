package org.vivarium.images.qcow2;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.locks.ReentrantLock;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * Reads compressed clusters, raw deflate streams or Zstandard frames (qcow2.txt, "Compressed
 * Clusters Descriptor"), and keeps the last one read.
 *
 * <p>What a cluster expands to is bounded by the cluster size, whatever the stream says. Any
 * thread; readers of compressed clusters take turns.
 */
final class CompressedClusters {
  private final ImageContext context;
  private final ReentrantLock lock = new ReentrantLock();
  private byte[] cluster = new byte[0];
  private long cachedEntry;

  CompressedClusters(ImageContext context) {
    this.context = context;
  }

  /** Fills {@code dst} from a cluster's content, from {@code within} bytes into it. */
  void read(long entry, int within, ByteBuffer dst) throws IOException {
    lock.lock();
    try {
      if (cachedEntry != entry) {
        cachedEntry = 0;
        expand(entry);
        cachedEntry = entry;
      }
      dst.put(cluster, within, dst.remaining());
    } finally {
      lock.unlock();
    }
  }

  private void expand(long entry) throws IOException {
    Geometry g = context.geometry();
    long offset = Entries.compressedOffset(entry, g.clusterBits());
    ByteBuffer stored = ByteBuffer.allocate(Entries.compressedLength(entry, g.clusterBits()));
    context.file().read(stored, offset);
    if (cluster.length == 0) {
      cluster = new byte[g.clusterSize()];
    }
    try {
      if (context.header().zstd()) {
        ZstdFrames.expand(stored.array(), cluster);
      } else {
        inflate(stored.array());
      }
    } catch (DataFormatException | EOFException | RuntimeException e) {
      Arrays.fill(cluster, (byte) 0);
      throw new org.vivarium.images.disk.DiskImageException(
          "Image "
              + context.file().path()
              + " has a corrupt compressed cluster at offset 0x"
              + Long.toHexString(offset)
              + ".",
          e);
    }
  }

  private void inflate(byte[] stored) throws DataFormatException, EOFException {
    try (Inflater inflater = new Inflater(true)) {
      inflater.setInput(stored);
      int at = 0;
      while (at < cluster.length) {
        int n = inflater.inflate(cluster, at, cluster.length - at);
        if (n == 0) {
          throw new EOFException("The stream ends after " + at + " bytes.");
        }
        at += n;
      }
    }
  }
}
