package org.vivarium.images.boot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vivarium.images.disk.DiskImage;
import org.vivarium.images.disk.DiskImageException;
import org.vivarium.images.ext4.ExtFixture;
import org.vivarium.images.ext4.Volume;

class PartitionsTest {
  private static final int SECTORS = 4096;

  @TempDir Path folder;

  private static ByteBuffer disk() {
    return ByteBuffer.allocate(SECTORS * 512).order(ByteOrder.LITTLE_ENDIAN);
  }

  private List<Volume> read(ByteBuffer content) throws IOException {
    try (DiskImage disk = ExtFixture.open(folder, content.array())) {
      return Partitions.of(disk, "disk.raw");
    }
  }

  private String refusal(ByteBuffer content) {
    return String.valueOf(assertThrows(DiskImageException.class, () -> read(content)).getMessage());
  }

  private static void mbr(ByteBuffer disk, int sector, int slot, int type, int first, int count) {
    int at = sector * 512 + 446 + slot * 16;
    disk.put(at + 4, (byte) type).putInt(at + 8, first).putInt(at + 12, count);
    disk.putShort(sector * 512 + 510, (short) 0xAA55);
  }

  @Test
  void readsPrimaryAndLogicalPartitions() throws IOException {
    ByteBuffer disk = disk();
    mbr(disk, 0, 0, 0x83, 100, 200);
    mbr(disk, 0, 1, 0x05, 1000, 3000);
    mbr(disk, 1000, 0, 0x83, 10, 20);
    mbr(disk, 1000, 1, 0x05, 500, 100);
    mbr(disk, 1500, 0, 0x83, 1, 30);

    List<Volume> volumes = read(disk);

    assertEquals(List.of(100L, 1010L, 1501L), volumes.stream().map(v -> v.offset() / 512).toList());
    assertEquals(30 * 512, volumes.get(2).length());
    assertEquals("partition 6 of disk.raw", volumes.get(2).name());
  }

  @Test
  void readsAGptAndLeavesOutEmptyEntries() throws IOException {
    List<Volume> volumes = read(GptFixture.disk(SECTORS, 40, 99));

    assertEquals(1, volumes.size());
    assertEquals(40 * 512, volumes.getFirst().offset());
    assertEquals(60 * 512, volumes.getFirst().length());
  }

  @Test
  void refusesAGptWithAnotherChecksum() {
    ByteBuffer disk = GptFixture.disk(SECTORS, 40, 99);
    disk.put(2 * 512 + 56, (byte) 'x');

    assertEquals(
        "The partition table of disk.raw is damaged: its GPT does not match its checksum.",
        refusal(disk));
  }

  @Test
  void refusesAHugeGpt() {
    ByteBuffer disk = GptFixture.disk(SECTORS, 40, 99);
    disk.putInt(512 + 80, -1);

    assertEquals(
        "The partition table of disk.raw is damaged: its GPT header is wrong.", refusal(disk));
  }

  @Test
  void refusesAPartitionBeyondTheEnd() {
    ByteBuffer disk = disk();
    mbr(disk, 0, 0, 0x83, 100, SECTORS - 99);

    assertEquals(
        "The partition table of disk.raw is damaged: partition 1 lies beyond its end.",
        refusal(disk));
    assertTrue(refusal(GptFixture.disk(SECTORS, 40, Long.MAX_VALUE)).contains("beyond its end"));
  }

  @Test
  void endsAChainOfTablesThatIsALoop() {
    ByteBuffer disk = disk();
    mbr(disk, 0, 1, 0x05, 1000, 3000);
    mbr(disk, 1000, 1, 0x05, 0, 100);

    assertEquals(
        "The partition table of disk.raw is damaged: its logical partitions form no end.",
        refusal(disk));
  }

  @Test
  void saysThatADiskHasNothingOnIt() {
    assertEquals(
        "The disk disk.raw has no partition and no file system that can be read here.",
        refusal(disk()));
    assertEquals("The disk disk.raw is empty.", refusal(ByteBuffer.allocate(0)));
  }

  @FuzzTest(maxDuration = "60s")
  void anyBytesAreReadOrRefused(byte[] content) {
    try {
      Path temporary = Files.createTempFile("fuzz", ".raw");
      try {
        Files.write(temporary, content);
        try (DiskImage disk = ExtFixture.open(temporary)) {
          Partitions.of(disk, "fuzz");
        }
      } catch (DiskImageException e) {
        assertEquals(1, String.valueOf(e.getMessage()).lines().count());
      } finally {
        Files.delete(temporary);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
