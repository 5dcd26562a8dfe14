package org.vivarium.images.qcow2;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * The internal snapshots' L1 tables (qcow2.txt, "Snapshots"). Snapshots are kept as they are:
 * neither made, nor applied, nor deleted here.
 *
 * @param list the snapshots in table order
 * @param bytes the table's length in bytes
 */
record SnapshotTable(List<Snapshot> list, long bytes) {
  private static final int FIXED = 40;
  private static final int MAX_EXTRA = 1024;
  private static final long MAX_TOTAL_L1 = 256L << 20;

  /** A snapshot's L1 table: byte offset and number of entries. */
  record Snapshot(long l1Offset, int l1Size) {}

  /** Reads and checks the table. */
  static SnapshotTable read(ImageContext context) throws IOException {
    Qcow2Header header = context.header();
    FieldCheck check = context.check();
    List<Snapshot> list = new ArrayList<>();
    long at = header.snapshotsOffset();
    long total = 0;
    ByteBuffer b = ByteBuffer.allocate(FIXED);
    for (int i = 0; i < header.snapshots(); i++) {
      context.file().read(b.clear(), at);
      long offset = b.getLong(0);
      long size = Integer.toUnsignedLong(b.getInt(8));
      String name = "snapshot " + i;
      check.range("l1_size of " + name, size, 0, Qcow2Header.MAX_L1_BYTES / 8);
      total += size * 8;
      check.range("the L1 tables of its snapshots of a total in bytes of", total, 0, MAX_TOTAL_L1);
      if (size > 0) {
        check.table(
            "l1_table_offset of " + name, offset, size * 8, context.geometry(), context.fileEnd());
      }
      long extra = Integer.toUnsignedLong(b.getInt(36));
      check.range("extra_data_size of " + name, extra, 0, MAX_EXTRA);
      int idLength = Short.toUnsignedInt(b.getShort(12));
      int nameLength = Short.toUnsignedInt(b.getShort(14));
      at += (FIXED + extra + idLength + nameLength + 7) & ~7L;
      list.add(new Snapshot(offset, (int) size));
    }
    long bytes = at - header.snapshotsOffset();
    if (bytes > 0) {
      check.table(
          "snapshots_offset",
          header.snapshotsOffset(),
          bytes,
          context.geometry(),
          context.fileEnd());
    }
    return new SnapshotTable(List.copyOf(list), bytes);
  }
}
