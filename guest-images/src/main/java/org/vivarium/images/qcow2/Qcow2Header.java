package org.vivarium.images.qcow2;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.vivarium.images.disk.BlockFile;
import org.vivarium.images.disk.DiskImageException;

/**
 * An image's header with its extensions, as checked values (qcow2.txt, "Header").
 *
 * @param version 2 or 3
 * @param backingOffset byte offset of the backing file's name, 0 for none
 * @param backingSize bytes of that name
 * @param geometry the sizes that follow from cluster_bits, refcount_order and the extended L2 bit
 * @param size bytes of the disk
 * @param l1Size entries of the active L1 table
 * @param l1Offset byte offset of that table
 * @param refcountOffset byte offset of the refcount table
 * @param refcountClusters clusters of that table
 * @param snapshots number of internal snapshots
 * @param snapshotsOffset byte offset of the snapshot table
 * @param incompatible incompatible feature bits
 * @param compatible compatible feature bits
 * @param autoclear autoclear feature bits
 * @param zstd whether compressed clusters are Zstandard frames, else raw deflate
 * @param backingName the backing file's name, or null
 * @param backingFormat the backing file's format as the image states it, or null
 */
record Qcow2Header(
    int version,
    long backingOffset,
    int backingSize,
    Geometry geometry,
    long size,
    int l1Size,
    long l1Offset,
    long refcountOffset,
    int refcountClusters,
    int snapshots,
    long snapshotsOffset,
    long incompatible,
    long compatible,
    long autoclear,
    boolean zstd,
    @Nullable String backingName,
    @Nullable String backingFormat) {
  static final int MAGIC = 0x514649FB;
  static final int LENGTH_V2 = 72;
  static final int LENGTH_V3 = 104;
  static final long DIRTY = 1;
  static final long CORRUPT = 2;
  static final long DATA_FILE = 4;
  static final long COMPRESSION = 8;
  static final long EXTENDED_L2 = 16;
  static final long BITMAPS = 1;

  /** Bytes of L1 table that are accepted, as in QEMU. */
  static final long MAX_L1_BYTES = 32L << 20;

  /** Bytes of refcount table that are accepted, as in QEMU. */
  static final long MAX_REFCOUNT_TABLE_BYTES = 8L << 20;

  private static final int MAX_SNAPSHOTS = 65536;
  private static final int MAX_BACKING_NAME = 1023;
  private static final int PREFIX_BYTES = 112;

  /**
   * Reads and checks the header. Nothing is allocated in a size that the file chose before that
   * size was checked.
   *
   * @throws DiskImageException naming the field that is wrong or not supported
   */
  static Qcow2Header read(BlockFile file) throws IOException {
    ByteBuffer b = ByteBuffer.allocate(PREFIX_BYTES);
    file.read(b, 0);
    b.flip();
    FieldCheck check = new FieldCheck(file.path());
    check.that(b.getInt(0) == MAGIC, "has no qcow2 magic at offset 0");
    int version = b.getInt(4);
    check.range("version", Integer.toUnsignedLong(version), 2, 3);
    long incompatible = version == 3 ? b.getLong(72) : 0;
    int clusterBits = b.getInt(20);
    check.range("cluster_bits", Integer.toUnsignedLong(clusterBits), 9, 21);
    long headerLength = version == 3 ? Integer.toUnsignedLong(b.getInt(100)) : LENGTH_V2;
    check.range("header_length", headerLength, LENGTH_V2, 1L << clusterBits);
    check.that(
        version == 2 || (headerLength >= LENGTH_V3 && headerLength % 8 == 0),
        "has header_length " + headerLength + ", which is not a multiple of 8 from 104 on");
    check.that(b.getInt(32) == 0, "is encrypted (crypt_method " + b.getInt(32) + ")");
    int order = version == 3 ? b.getInt(96) : 4;
    check.range("refcount_order", Integer.toUnsignedLong(order), 0, 6);
    Geometry geometry = new Geometry(clusterBits, order, (incompatible & EXTENDED_L2) != 0);
    check.that(
        !geometry.extendedL2() || clusterBits >= 14,
        "has extended L2 entries with cluster_bits " + clusterBits + "; allowed are 14 to 21");
    int type = version == 3 && headerLength > LENGTH_V3 ? b.get(104) & 0xFF : 0;
    check.range("compression_type", type, 0, 1);
    check.that(
        (type != 0) == ((incompatible & COMPRESSION) != 0),
        "has compression_type " + type + " in contradiction to its incompatible feature bit 3");

    ByteBuffer cluster = ByteBuffer.allocate(1 << clusterBits);
    file.read(cluster, 0);
    cluster.flip();
    long backingOffset = b.getLong(8);
    int backingSize = b.getInt(16);
    HeaderExtensions extensions =
        HeaderExtensions.parse(cluster, (int) headerLength, backingOffset, check);
    checkFeatures(incompatible, extensions, check);

    Qcow2Header header =
        new Qcow2Header(
            version,
            backingOffset,
            backingSize,
            geometry,
            b.getLong(24),
            b.getInt(36),
            b.getLong(40),
            b.getLong(48),
            b.getInt(56),
            b.getInt(60),
            b.getLong(64),
            incompatible,
            version == 3 ? b.getLong(80) : 0,
            version == 3 ? b.getLong(88) : 0,
            type == 1,
            backingName(cluster, backingOffset, backingSize, check),
            extensions.backingFormat());
    header.checkTables(check, file.size());
    return header;
  }

  private static void checkFeatures(long bits, HeaderExtensions extensions, FieldCheck check)
      throws DiskImageException {
    check.that(
        (bits & DATA_FILE) == 0,
        "keeps its data in an external file (incompatible feature bit 2), which is not supported:"
            + " convert it with qemu-img convert -O qcow2");
    long unknown = bits & ~(DIRTY | CORRUPT | DATA_FILE | COMPRESSION | EXTENDED_L2);
    if (unknown != 0) {
      int bit = Long.numberOfTrailingZeros(unknown);
      check.that(
          false,
          "needs the feature "
              + extensions.incompatibleName(bit)
              + " (incompatible feature bit "
              + bit
              + "), which is not supported");
    }
  }

  private static @Nullable String backingName(
      ByteBuffer cluster, long offset, int size, FieldCheck check) throws DiskImageException {
    if (offset == 0) {
      return null;
    }
    check.range("backing_file_size", Integer.toUnsignedLong(size), 1, MAX_BACKING_NAME);
    check.range("backing_file_offset", offset, LENGTH_V2, cluster.limit() - size);
    byte[] name = new byte[size];
    cluster.get((int) offset, name);
    return new String(name, StandardCharsets.UTF_8);
  }

  private void checkTables(FieldCheck check, long fileSize) throws DiskImageException {
    check.range("size", size, 0, Long.MAX_VALUE);
    long l1 = Integer.toUnsignedLong(l1Size);
    check.range("l1_size", l1, 0, MAX_L1_BYTES / 8);
    check.that(
        l1 >= geometry.l1Entries(size),
        "has l1_size " + l1 + ", but its size needs " + geometry.l1Entries(size) + " entries");
    if (l1 > 0) {
      check.table("l1_table_offset", l1Offset, l1 * 8, geometry, fileSize);
    }
    long tableBytes = Integer.toUnsignedLong(refcountClusters) << geometry.clusterBits();
    check.range(
        "refcount_table_clusters",
        Integer.toUnsignedLong(refcountClusters),
        1,
        Math.max(1, MAX_REFCOUNT_TABLE_BYTES >>> geometry.clusterBits()));
    check.table("refcount_table_offset", refcountOffset, tableBytes, geometry, fileSize);
    check.range("nb_snapshots", Integer.toUnsignedLong(snapshots), 0, MAX_SNAPSHOTS);
    if (snapshots > 0) {
      check.table("snapshots_offset", snapshotsOffset, 40L * snapshots, geometry, fileSize);
    }
  }

  /** The header with another disk size. */
  Qcow2Header withSize(long value) {
    return with(value, l1Size, l1Offset, refcountOffset, refcountClusters, incompatible, autoclear);
  }

  /** The header with another active L1 table. */
  Qcow2Header withL1(long offset, int entries) {
    return with(size, entries, offset, refcountOffset, refcountClusters, incompatible, autoclear);
  }

  /** The header with another refcount table. */
  Qcow2Header withRefcountTable(long offset, int clusters) {
    return with(size, l1Size, l1Offset, offset, clusters, incompatible, autoclear);
  }

  /** The header with other feature bits. */
  Qcow2Header withFeatures(long incompatibleBits, long autoclearBits) {
    return with(
        size, l1Size, l1Offset, refcountOffset, refcountClusters, incompatibleBits, autoclearBits);
  }

  private Qcow2Header with(
      long newSize, int l1, long l1At, long refAt, int refClusters, long incompat, long auto) {
    return new Qcow2Header(
        version,
        backingOffset,
        backingSize,
        geometry,
        newSize,
        l1,
        l1At,
        refAt,
        refClusters,
        snapshots,
        snapshotsOffset,
        incompat,
        compatible,
        auto,
        zstd,
        backingName,
        backingFormat);
  }

  /** The first 104 bytes of a version 3 header; they lie in one sector. */
  ByteBuffer encode(int headerLength) {
    ByteBuffer b = ByteBuffer.allocate(LENGTH_V3);
    b.putInt(MAGIC).putInt(version).putLong(backingOffset).putInt(backingSize);
    b.putInt(geometry.clusterBits()).putLong(size).putInt(0).putInt(l1Size).putLong(l1Offset);
    b.putLong(refcountOffset).putInt(refcountClusters);
    b.putInt(snapshots).putLong(snapshotsOffset);
    b.putLong(incompatible).putLong(compatible).putLong(autoclear);
    b.putInt(geometry.refcountOrder()).putInt(headerLength);
    return b.flip();
  }
}
