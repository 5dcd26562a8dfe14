package org.vivarium.images.library;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vivarium.images.disk.DiskFormat;
import org.vivarium.images.disk.DiskImage;
import org.vivarium.images.library.AllocationMap.Piece;

class AllocationMapTest {
  private static final int CLUSTER = 1 << 16;
  private static final long SIZE = 64L * CLUSTER;

  @TempDir Path home;

  private Path disk(String name) throws IOException {
    Path folder = Files.createDirectories(home.resolve(name).getParent());
    Path file = folder.resolve(Path.of(name).getFileName());
    Disks.create(file, DiskFormat.QCOW2, SIZE);
    return file;
  }

  private void fill(Path disk, int cluster, int count) throws IOException {
    try (DiskImage image = Disks.of(home).open(disk, DiskFormat.QCOW2, false)) {
      ByteBuffer bytes = ByteBuffer.allocate(count * CLUSTER);
      bytes.put(0, (byte) 1);
      image.write(bytes, (long) cluster * CLUSTER);
    }
  }

  private AllocationMap map(Path disk, int pieces) throws IOException {
    try (DiskImage image = Disks.of(home).open(disk, DiskFormat.QCOW2, true)) {
      return AllocationMap.of(image, pieces);
    }
  }

  @Test
  void ownAndSharedAreToldApart() throws IOException {
    Path base = disk("images/guest/1/disk.qcow2");
    fill(base, 0, 16);
    Path overlay = home.resolve("overlay.qcow2");
    Clones.link(home, base, DiskFormat.QCOW2, overlay, 0);
    fill(overlay, 8, 16);

    AllocationMap map = map(overlay, 8);

    assertEquals(16L * CLUSTER, map.own());
    assertEquals(8L * CLUSTER, map.shared());
    assertEquals(new Piece(0, 1), map.pieces().get(0));
    assertEquals(new Piece(1, 0), map.pieces().get(1));
    assertEquals(new Piece(1, 0), map.pieces().get(2));
    assertEquals(new Piece(0, 0), map.pieces().get(3));
  }

  @Test
  void piecesThatDoNotDivideTheDiskAddUp() throws IOException {
    Path disk = disk("disk.qcow2");
    fill(disk, 5, 30);
    for (int pieces : new int[] {1, 3, 7, 63, 64, 65, 1000}) {
      AllocationMap map = map(disk, pieces);

      double sum = map.pieces().stream().mapToDouble(Piece::own).sum();
      assertEquals(pieces, map.pieces().size());
      assertEquals(30L * CLUSTER, map.own(), pieces + " pieces");
      assertEquals(30.0 / 64 * pieces, sum, 0.01 * pieces, pieces + " pieces");
    }
  }

  @Test
  void emptyDiskStoresNothing() throws IOException {
    AllocationMap map = map(disk("disk.qcow2"), 4);

    assertEquals(0, map.own() + map.shared());
    assertEquals(SIZE, map.size());
  }
}
