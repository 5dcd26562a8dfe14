package org.vivarium.images.qcow2;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;
import org.vivarium.images.disk.BackingPolicy;
import org.vivarium.images.disk.BlockFile;
import org.vivarium.images.disk.ChannelBlockFile;
import org.vivarium.images.disk.DiskFormat;
import org.vivarium.images.disk.DiskImageException;
import org.vivarium.images.disk.DiskOptions;
import org.vivarium.images.disk.Extent;
import org.vivarium.images.disk.HolePuncher;

/** Makes new version 3 images. */
public final class Qcow2Creator {
  private static final String[] FEATURES = {
    "\0\0dirty bit",
    "\0\1corrupt bit",
    "\0\2external data file",
    "\0\3compression type",
    "\0\4extended L2 entries",
    "\1\0lazy refcounts",
    "\2\0bitmaps"
  };
  private static final int FEATURE_LENGTH = 48;
  private static final int HEADER_LENGTH = 112;

  private Qcow2Creator() {}

  /**
   * What to make.
   *
   * @param size bytes of the disk, 0 to what 32 MiB of L1 table cover
   * @param clusterBits log2 of the cluster size, 9 to 21; 16 is usual
   * @param refcountOrder log2 of the refcounts' width, 0 to 6; 4 is usual
   * @param backingName name of the backing file as it shall stand in the image, or null
   * @param backingFormat its format; required with a name
   * @param preallocate whether all clusters are allocated at once, sparse in the host's file
   */
  public record Spec(
      long size,
      int clusterBits,
      int refcountOrder,
      @Nullable String backingName,
      @Nullable DiskFormat backingFormat,
      boolean preallocate) {
    /** Checks the ranges. */
    public Spec {
      if (clusterBits < 9 || clusterBits > 21 || refcountOrder < 0 || refcountOrder > 6) {
        throw new IllegalArgumentException(
            "Cluster bits %d are not within 9 to 21 or refcount order %d not within 0 to 6."
                .formatted(clusterBits, refcountOrder));
      }
      if ((backingName == null) != (backingFormat == null)) {
        throw new IllegalArgumentException("A backing file needs both a name and a format.");
      }
      if (preallocate && backingName != null) {
        throw new IllegalArgumentException("An image over a backing file is not preallocated.");
      }
    }

    /** An empty disk with 64 KiB clusters and 16-bit refcounts. */
    public static Spec of(long size) {
      return new Spec(size, 16, 4, null, null, false);
    }

    /** The same over a backing file. */
    public Spec over(String name, DiskFormat format) {
      return new Spec(size, clusterBits, refcountOrder, name, format, preallocate);
    }

    /** The same with other cluster bits. */
    public Spec withClusterBits(int bits) {
      return new Spec(size, bits, refcountOrder, backingName, backingFormat, preallocate);
    }

    /** The same with another refcount order. */
    public Spec withRefcountOrder(int order) {
      return new Spec(size, clusterBits, order, backingName, backingFormat, preallocate);
    }

    /** The same with all clusters allocated. */
    public Spec preallocated() {
      return new Spec(size, clusterBits, refcountOrder, backingName, backingFormat, true);
    }
  }

  /**
   * Creates a file with a new image; on failure no file remains.
   *
   * @throws FileAlreadyExistsException where the file is there already
   * @throws DiskImageException where the specification cannot be met
   */
  public static void create(Path path, Spec spec) throws IOException {
    FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE).close();
    boolean done = false;
    try {
      try (BlockFile file = ChannelBlockFile.open(path, false, HolePuncher.NONE)) {
        write(file, spec);
      }
      if (spec.preallocate()) {
        preallocate(path, spec.size());
      }
      done = true;
    } finally {
      if (!done) {
        Files.deleteIfExists(path);
      }
    }
  }

  private static void preallocate(Path path, long size) throws IOException {
    DiskOptions options = DiskOptions.readWrite().withBacking(BackingPolicy.none());
    try (Qcow2Image image = Qcow2Image.open(path, options)) {
      Extent extent = new Extent();
      for (long at = 0; at < size; at += extent.length()) {
        image.mapForWrite(at, size - at, extent);
      }
    }
  }

  /** Writes a new image to an empty file: header, refcount table, refcount blocks, L1 table. */
  static void write(BlockFile file, Spec spec) throws IOException {
    Geometry g = new Geometry(spec.clusterBits(), spec.refcountOrder(), false);
    FieldCheck check = new FieldCheck(file.path());
    check.range("a size of", spec.size(), 0, Long.MAX_VALUE);
    long l1Entries = g.l1Entries(spec.size());
    check.that(
        l1Entries * 8 <= Qcow2Header.MAX_L1_BYTES,
        "of %d bytes needs larger clusters than %d bytes: its L1 table would exceed %d bytes"
            .formatted(spec.size(), g.clusterSize(), Qcow2Header.MAX_L1_BYTES));
    long l1Clusters = Math.max(1, g.clusters(l1Entries * 8));
    int perBlock = 1 << g.refcountBlockBits();
    int perTable = g.clusterSize() / Long.BYTES;
    long blocks = 1;
    long tables = 1;
    while (blocks * perBlock < 1 + tables + blocks + l1Clusters || tables * perTable < blocks) {
      blocks = (1 + tables + blocks + l1Clusters) / perBlock + 1;
      tables = (blocks + perTable - 1) / perTable;
    }
    long used = 1 + tables + blocks + l1Clusters;

    ByteBuffer table = ByteBuffer.allocate((int) tables << g.clusterBits());
    for (int i = 0; i < blocks; i++) {
      long offset = (1 + tables + i) << g.clusterBits();
      table.putLong(i * 8, offset);
      ByteBuffer data = ByteBuffer.allocate(g.clusterSize());
      RefcountBlock block = new RefcountBlock(i, offset, data, g.refcountOrder());
      for (int j = 0; j < perBlock && (long) i * perBlock + j < used; j++) {
        block.set(j, 1);
      }
      file.write(data.clear(), offset);
    }
    file.write(table, g.clusterSize());
    long l1Offset = (1 + tables + blocks) << g.clusterBits();
    org.vivarium.images.disk.Zeros.write(file, l1Offset, l1Clusters << g.clusterBits());
    file.sync();
    file.write(header(spec, g, l1Offset, (int) l1Entries, (int) tables, check), 0);
    file.sync();
  }

  private static ByteBuffer header(
      Spec spec, Geometry g, long l1Offset, int l1Entries, int tables, FieldCheck check)
      throws DiskImageException {
    byte[] name =
        spec.backingName() == null
            ? new byte[0]
            : spec.backingName().getBytes(StandardCharsets.UTF_8);
    ByteBuffer b = ByteBuffer.allocate(g.clusterSize());
    b.position(HEADER_LENGTH);
    DiskFormat format = spec.backingFormat();
    if (format != null) {
      byte[] id = format.id().getBytes(StandardCharsets.US_ASCII);
      b.putInt(HeaderExtensions.BACKING_FORMAT).putInt(id.length).put(id);
      b.position((b.position() + 7) & ~7);
    }
    int features = FEATURES.length * FEATURE_LENGTH;
    if (b.remaining() >= 8 + features + 8 + name.length) {
      b.putInt(HeaderExtensions.FEATURE_NAMES).putInt(features);
      for (String feature : FEATURES) {
        int at = b.position();
        b.put(feature.getBytes(StandardCharsets.US_ASCII));
        b.position(at + FEATURE_LENGTH);
      }
    }
    b.putLong(HeaderExtensions.END);
    check.that(
        name.length <= 1023 && name.length <= b.remaining(),
        "cannot name a backing file of %d bytes in a cluster of %d bytes"
            .formatted(name.length, g.clusterSize()));
    int nameAt = name.length == 0 ? 0 : b.position();
    b.put(name);
    Qcow2Header header =
        new Qcow2Header(
            3,
            nameAt,
            name.length,
            g,
            spec.size(),
            l1Entries,
            l1Offset,
            g.clusterSize(),
            tables,
            0,
            0,
            0,
            0,
            0,
            false,
            spec.backingName(),
            format == null ? null : format.id());
    b.put(0, header.encode(HEADER_LENGTH), 0, Qcow2Header.LENGTH_V3);
    return b.clear();
  }
}
