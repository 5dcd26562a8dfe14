package org.vivarium.kvm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.vivarium.kvm.GuestMemory.Backing;
import org.vivarium.kvm.NativeFile.Mode;

class NativeFileTest extends FileAndMemory {
  NativeFileTest() throws KvmException {
    super(Backing.MEMFD);
  }

  @Test
  void readFillsMemoryFromTheOffset() throws Exception {
    try (NativeFile file = NativeFile.open(path, Mode.READ)) {
      assertEquals(SIZE, file.size());

      assertEquals(1000, file.read(memory.hva(16, 1000), 1000, 123));

      assertArrayEquals(inFile(123, 1000), inMemory(16, 1000));
      assertEquals(0, memory.readU8(15));
      assertEquals(0, memory.readU8(1016));
    }
  }

  @Test
  void readStopsWhereTheFileEnds() throws Exception {
    try (NativeFile file = NativeFile.open(path, Mode.READ)) {
      assertEquals(10, file.read(memory.hva(0, 100), 100, SIZE - 10));
      assertEquals(0, file.read(memory.hva(0, 100), 100, SIZE));

      IoVector ranges = new IoVector(2);
      ranges.add(memory.hva(0, 6), 6);
      ranges.add(memory.hva(64, 6), 6);
      assertEquals(10, file.read(ranges, SIZE - 10));
      assertEquals(2, ranges.remaining());
    }
  }

  @Test
  void writePutsMemoryAtTheOffset() throws Exception {
    try (NativeFile file = NativeFile.open(path, Mode.READ_WRITE)) {
      byte[] text = "written".getBytes(StandardCharsets.US_ASCII);
      memory.write(3, text, 0, text.length);

      file.write(memory.hva(3, text.length), text.length, SIZE + 5);
      file.syncData();
      file.sync();

      assertEquals(SIZE + 5 + text.length, file.size());
      assertArrayEquals(text, inFile(SIZE + 5, text.length));
    }
  }

  @Test
  void rangesAreReadAndWrittenInOrder() throws Exception {
    try (NativeFile file = NativeFile.open(path, Mode.READ_WRITE)) {
      IoVector ranges = new IoVector(3);
      ranges.add(memory.hva(0x3000, 100), 100);
      ranges.add(memory.hva(0x1000, 0), 0);
      ranges.add(memory.hva(0x1000, 50), 50);

      assertEquals(150, file.read(ranges, 1));

      assertEquals(0, ranges.remaining());
      assertEquals(0, ranges.count());
      assertArrayEquals(inFile(1, 100), inMemory(0x3000, 100));
      assertArrayEquals(inFile(101, 50), inMemory(0x1000, 50));
      ranges.clear();
      ranges.add(memory.hva(0x1000, 50), 50);
      ranges.add(memory.hva(0x3000, 100), 100);
      file.write(ranges, 7);
      assertArrayEquals(inMemory(0x1000, 50), inFile(7, 50));
      assertArrayEquals(inMemory(0x3000, 100), inFile(57, 100));
    }
  }

  @Test
  void partialTransferGoesOnInsideARange() throws Exception {
    try (NativeFile file = NativeFile.open(path, Mode.READ)) {
      IoVector ranges = new IoVector(3);
      ranges.add(memory.hva(0, 10), 10);
      ranges.add(memory.hva(10, 10), 10);
      ranges.add(memory.hva(20, 10), 10);
      file.read(memory.hva(0, 14), 14, 0);

      ranges.advance(14);

      assertEquals(2, ranges.count());
      assertEquals(16, ranges.remaining());
      assertEquals(16, file.read(ranges, 14));
      assertArrayEquals(inFile(0, 30), inMemory(0, 30));
    }
  }

  @Test
  void rangesHaveLimits() {
    IoVector ranges = new IoVector(1);
    ranges.add(memory.hva(0, 1), 1);

    assertThrows(IllegalStateException.class, () -> ranges.add(0, 1));
    ranges.clear();
    assertThrows(IllegalArgumentException.class, () -> ranges.add(0, -1));
    assertEquals(0, ranges.count());
    assertThrows(IllegalArgumentException.class, () -> new IoVector(0));
    assertThrows(IllegalArgumentException.class, () -> new IoVector(1025));
  }

  @Test
  void holeReadsAsZeroesAndGivesSpaceBack() throws Exception {
    try (NativeFile file = NativeFile.open(path, Mode.READ_WRITE)) {
      file.sync();
      long before = allocatedBytes();

      file.punchHole(0x4000, 0x8000);

      assertEquals(before - 0x8000, allocatedBytes());
      assertArrayEquals(new byte[0x8000], inFile(0x4000, 0x8000));
      assertEquals((byte) (0x3FFF / 7 + 1), inFile(0x3FFF, 1)[0]);
      assertEquals((byte) (0xC000 / 7 + 1), inFile(0xC000, 1)[0]);
      assertEquals(SIZE, file.size());
    }
  }

  private long allocatedBytes() throws Exception {
    Process stat = new ProcessBuilder("stat", "-c", "%b", path.toString()).start();
    String blocks = new String(stat.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
    return Long.parseLong(blocks.strip()) * 512;
  }

  @Test
  void zeroedRangeReadsAsZeroes() throws Exception {
    try (NativeFile file = NativeFile.open(path, Mode.READ_WRITE)) {
      assumeTrue(zeroRange(file) != Errno.EOPNOTSUPP, "the file system of " + path + " can");

      assertArrayEquals(new byte[0x100], inFile(0x1001, 0x100));
      assertEquals((byte) (0x1000 / 7 + 1), inFile(0x1000, 1)[0]);
      assertEquals((byte) (0x1101 / 7 + 1), inFile(0x1101, 1)[0]);
      assertEquals(SIZE, file.size());
    }
  }

  /** Zeroes 256 bytes; the answer is 0 or an error number. */
  private static int zeroRange(NativeFile file) {
    try {
      file.zeroRange(0x1001, 0x100);
      return 0;
    } catch (KvmException e) {
      return e.errno();
    }
  }

  @Test
  void failuresNameTheFile() throws Exception {
    Path absent = folder.resolve("absent");
    assertEquals(
        "Cannot open " + absent + " (ENOENT, no such file).",
        assertThrows(KvmException.class, () -> NativeFile.open(absent, Mode.READ)).getMessage());
    assertEquals(
        "Cannot open " + folder + " (EISDIR, is a folder).",
        assertThrows(KvmException.class, () -> NativeFile.open(folder, Mode.READ_WRITE))
            .getMessage());
    try (NativeFile file = NativeFile.open(path, Mode.READ)) {
      assertEquals(
          "Cannot write " + path + " (EBADF, bad file descriptor).",
          assertThrows(KvmException.class, () -> file.write(memory.hva(0, 1), 1, 0)).getMessage());
      assertEquals(
          Errno.EFAULT,
          assertThrows(KvmException.class, () -> file.read(8, 1, 0)).errno(),
          "an address of nobody is refused by the kernel");
    }
  }

  @Test
  void readingAndWritingAllocateNothing() throws Exception {
    IoVector ranges = new IoVector(2);
    try (NativeFile file = NativeFile.open(path, Mode.READ_WRITE)) {
      assertEquals(10_000L * 1024, copyOften(file, ranges));

      assertEquals(0, Allocation.afterWarmUp(() -> copyOften(file, ranges)));
    }
  }

  private long copyOften(NativeFile file, IoVector ranges) throws KvmException {
    long sum = 0;
    for (int i = 0; i < 10_000; i++) {
      ranges.clear();
      ranges.add(memory.hva(0, 512), 512);
      ranges.add(memory.hva(4096, 512), 512);
      sum += file.read(ranges, 0);
      file.write(memory.hva(0, 512), 512, 0);
    }
    return sum;
  }
}
