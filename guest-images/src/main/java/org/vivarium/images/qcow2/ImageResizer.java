package org.vivarium.images.qcow2;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;
import org.vivarium.images.disk.DiskImage;

/**
 * Changes a disk's size: grows the L1 table where needed, makes what is gained read as zeros, and
 * gives up what is cut off.
 */
final class ImageResizer {
  private final ClusterWriter.Parts parts;
  private final ImageContext context;
  private final ClusterWriter writer;
  private final ClusterEraser eraser;

  ImageResizer(ClusterWriter.Parts parts, ClusterWriter writer, ClusterEraser eraser) {
    this.parts = parts;
    this.context = parts.context();
    this.writer = writer;
    this.eraser = eraser;
  }

  void resize(long newSize) throws IOException {
    context.lock().lock();
    try {
      context.checkStorage();
      context.check().range("a new size of", newSize, 0, Long.MAX_VALUE);
      long oldSize = context.header().size();
      if (newSize < oldSize) {
        shrink(oldSize, newSize);
      } else if (newSize > oldSize) {
        grow(oldSize, newSize);
      }
    } finally {
      context.lock().unlock();
    }
  }

  private void shrink(long oldSize, long newSize) throws IOException {
    context
        .check()
        .that(
            context.header().snapshots() == 0,
            "cannot shrink while it has internal snapshots; delete them with qemu-img snapshot -d");
    parts.flush().flush();
    changeHeader(context.header().withSize(newSize));
    Geometry g = context.geometry();
    eraser.erase(g.clusters(newSize), g.clusters(oldSize), ClusterEraser.Purpose.FORGET);
    parts.flush().flush();
  }

  private void grow(long oldSize, long newSize) throws IOException {
    long entries = context.geometry().l1Entries(newSize);
    context
        .check()
        .that(
            entries <= Qcow2Header.MAX_L1_BYTES / 8,
            "cannot grow to %d bytes: its L1 table would exceed %d bytes"
                .formatted(newSize, Qcow2Header.MAX_L1_BYTES));
    if (entries > parts.l1().length()) {
      growL1((int) entries);
    }
    zeroGained(oldSize, newSize);
    parts.flush().flush();
    changeHeader(context.header().withSize(newSize));
  }

  private void growL1(int entries) throws IOException {
    Geometry g = context.geometry();
    parts.flush().flush();
    int clusters = (int) g.clusters(entries * 8L);
    Allocator.Run run = parts.allocator().allocateContiguous(clusters);
    boolean written = false;
    try {
      parts.l1().writeCopy(run.first() << g.clusterBits(), clusters);
      parts.flush().flush();
      context.sync();
      written = true;
    } finally {
      if (!written) {
        parts.allocator().release(run);
      }
    }
    Qcow2Header old = context.header();
    changeHeader(old.withL1(run.first() << g.clusterBits(), entries));
    parts.l1().grow();
    for (int i = 0; i < clusters; i++) {
      parts.metadata().add(run.first() + i);
    }
    for (long i = 0; i < g.clusters(old.l1Size() * 8L); i++) {
      parts.allocator().freeLater((old.l1Offset() >>> g.clusterBits()) + i);
    }
  }

  /** Hides what the last cluster or the backing file holds beyond the old end. */
  private void zeroGained(long oldSize, long newSize) throws IOException {
    Geometry g = context.geometry();
    long boundary = g.clusters(oldSize) << g.clusterBits();
    long at = oldSize;
    while (at < boundary) {
      ByteBuffer zeros = ByteBuffer.allocate((int) (boundary - at));
      at += writeInside(zeros, at);
    }
    @Nullable DiskImage backing = parts.reader().backing();
    if (backing != null && backing.size() > boundary) {
      long end = Math.min(g.clusters(newSize), g.clusters(backing.size()));
      eraser.erase(g.clusters(oldSize), end, ClusterEraser.Purpose.ZERO_FREE);
    }
  }

  private long writeInside(ByteBuffer zeros, long at) throws IOException {
    long mapping = parts.map().at(at);
    if (parts.reader().isZero(mapping, at)) {
      return zeros.remaining();
    }
    if (ClusterMap.kind(mapping) == ClusterMap.OWNED) {
      int n = zeros.remaining();
      context.file().write(zeros, ClusterMap.host(mapping));
      return n;
    }
    return writer.write(
        at, zeros.remaining(), new ClusterWriter.Source(new ByteBuffer[] {zeros}, 0));
  }

  /** After a failure nobody knows which header the file holds, so the image takes no more. */
  private void changeHeader(Qcow2Header header) throws IOException {
    try {
      context.writeHeader(header);
      context.sync();
    } catch (IOException e) {
      context.fail(e);
      throw e;
    }
  }
}
