package org.vivarium.images.qcow2;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.vivarium.images.disk.DiskImageException;
import org.vivarium.images.disk.DiskOptions;

/**
 * Images made to do harm. Each is refused, or its bad part is, with one sentence; none reaches
 * beyond its own file, and none makes the program allocate what the image asks for.
 */
class HostileImageTest {
  private static final int CLUSTER = 4096;
  private static final int SIZE = 4 << 20;

  @TempDir(factory = MemoryTempDir.class)
  Path folder;

  private byte[] sound;
  private ByteBuffer image;

  @BeforeEach
  void makeSoundImage() throws IOException {
    MemoryBlockFile file = new MemoryBlockFile(folder.resolve("bad.qcow2"), new byte[0]);
    Qcow2Creator.write(file, Qcow2Creator.Spec.of(SIZE).withClusterBits(12));
    try (Qcow2Image made = Disks.open(file, Disks.WRITE)) {
      Disks.write(made, 0, Disks.random(1, 3 * CLUSTER));
      Disks.write(made, 3 << 20, Disks.random(2, CLUSTER));
    }
    sound = file.content();
    image = ByteBuffer.wrap(sound.clone());
  }

  private Qcow2Image open(DiskOptions options) throws IOException {
    return Disks.open(new MemoryBlockFile(folder.resolve("bad.qcow2"), image.array()), options);
  }

  private void assertRefused(String expected) {
    for (DiskOptions options : new DiskOptions[] {Disks.READ, Disks.WRITE}) {
      DiskImageException e = assertThrows(DiskImageException.class, () -> open(options));
      assertSentence(e, expected);
    }
  }

  private static void assertSentence(Exception e, String expected) {
    String message = String.valueOf(e.getMessage());
    assertTrue(message.contains(expected), message);
    assertTrue(message.matches("(?s)(Image|Disk) /.*[^.]\\."), message);
    assertFalse(message.contains("\n"), message);
  }

  /**
   * CVE-2014-0143, -0144, -0145, -0146, -0147 and -0222: sizes and counts of tables that decide how
   * much memory is taken.
   */
  @ParameterizedTest
  @CsvSource({
    "0, 0x51464900, qcow2 magic",
    "4, 0, version",
    "4, 1, version",
    "4, 4, version",
    "4, 0xFFFFFFFF, version",
    "20, 8, cluster_bits",
    "20, 22, cluster_bits",
    "20, 0xFFFFFFFF, cluster_bits",
    "32, 1, crypt_method",
    "32, 2, crypt_method",
    "36, 0, l1_size",
    "36, 1, l1_size",
    "36, 0xFFFFFFFF, l1_size",
    "36, 0x7FFFFFFF, l1_size",
    "36, 4194304, l1_table_offset",
    "56, 0, refcount_table_clusters",
    "56, 0xFFFFFFFF, refcount_table_clusters",
    "56, 0x7FFFFFFF, refcount_table_clusters",
    "56, 2048, refcount_table_offset",
    "60, 0xFFFFFFFF, nb_snapshots",
    "60, 65537, nb_snapshots",
    "60, 1, snapshots_offset",
    "96, 7, refcount_order",
    "96, 0xFFFFFFFF, refcount_order",
    "100, 0xFFFFFFFF, header_length",
    "100, 0x7FFFFFFF, header_length",
    "100, 0, header_length",
    "100, 80, header_length",
    "100, 105, header_length",
    "100, 4104, header_length",
    "104, 0x02000000, compression_type",
    "104, 0x01000000, compression_type"
  })
  void fieldOutOfRangeIsRefusedByName(int offset, String value, String field) {
    image.putInt(offset, Long.decode(value).intValue());

    assertRefused(field);
  }

  @ParameterizedTest
  @CsvSource({
    "24, 0x8000000000000000, size",
    "24, 0x7FFFFFFFFFFFFFFF, l1_size",
    "40, 0, l1_table_offset",
    "40, 1, l1_table_offset",
    "40, 0x7FFFFFFFFFFF0000, l1_table_offset",
    "40, 0xFFFFFFFFFFFFF000, l1_table_offset",
    "48, 0, refcount_table_offset",
    "48, 513, refcount_table_offset",
    "48, 0x7FFFFFFFFFFF0000, refcount_table_offset",
    "72, 4, external file",
    "72, 8, compression_type",
    "72, 16, extended L2",
    "72, 32, incompatible feature bit 5",
    "72, 0x8000000000000000, incompatible feature bit 63",
    "8, 0x7FFFFFFFFFFFFFFF, backing_file_size",
    "8, 16, backing_file"
  })
  void longFieldOutOfRangeIsRefusedByName(int offset, String value, String field) {
    image.putLong(
        offset,
        new java.math.BigInteger(value.replace("0x", ""), value.startsWith("0x") ? 16 : 10)
            .longValue());

    assertRefused(field);
  }

  @Test
  void unknownIncompatibleFeatureIsCalledByTheImagesNameForIt() {
    image.putLong(72, 1L << 40);
    // The feature name table follows the header; its first entry gets another bit and name.
    image.put(112 + 8, (byte) 0).put(112 + 9, (byte) 40);
    image.put(112 + 10, "time\ntravel".getBytes(java.nio.charset.StandardCharsets.US_ASCII));

    assertRefused("\"time?travel\"");
  }

  @ParameterizedTest
  @ValueSource(strings = {"0x7FFFFFFF", "0xFFFFFFFF", "0x1000"})
  void extensionLongerThanTheHeaderIsRefused(String length) {
    image.putInt(112, 0x12345678).putInt(116, Long.decode(length).intValue());

    assertRefused("header extension 0x12345678");
  }

  @Test
  void unknownExtensionIsSkipped() throws IOException {
    image.putInt(112, 0x12345678);

    try (Qcow2Image opened = open(Disks.WRITE)) {
      assertArrayEquals(Disks.random(1, 3 * CLUSTER), Disks.read(opened, 0, 3 * CLUSTER));
    }
  }

  @Test
  void backingNameOutOfTheHeaderClusterIsRefused() {
    image.putLong(8, CLUSTER - 4).putInt(16, 100);
    assertRefused("backing_file_offset");
    image.putLong(8, 1000).putInt(16, 1024);
    assertRefused("backing_file_size");
  }

  @Test
  void corruptImageIsOpenedForReadingOnly() throws IOException {
    image.putLong(72, 2);

    open(Disks.READ).close();
    assertSentence(assertThrows(DiskImageException.class, () -> open(Disks.WRITE)), "corrupt");
  }

  @Test
  void versionTwoIsOpenedForReadingOnly() throws IOException {
    image.putInt(4, 2);

    try (Qcow2Image opened = open(Disks.READ)) {
      assertArrayEquals(Disks.random(1, 3 * CLUSTER), Disks.read(opened, 0, 3 * CLUSTER));
    }
    assertSentence(assertThrows(DiskImageException.class, () -> open(Disks.WRITE)), "version 2");
  }

  @Test
  void imageWithBitmapsIsOpenedForReadingOnly() throws IOException {
    image.putLong(88, 1);

    open(Disks.READ).close();
    assertSentence(assertThrows(DiskImageException.class, () -> open(Disks.WRITE)), "bitmaps");
  }

  private int l1() {
    return (int) image.getLong(40);
  }

  private int l2() {
    return (int) (image.getLong(l1()) & 0x00FFFFFFFFFFFE00L);
  }

  private int refcountBlock() {
    return (int) image.getLong((int) image.getLong(48));
  }

  /** Reading at 0 fails with a sentence, and so does writing where the image opens for it. */
  private void assertFirstClusterRefused(String expected) throws IOException {
    try (Qcow2Image opened = open(Disks.READ)) {
      assertSentence(
          assertThrows(DiskImageException.class, () -> Disks.read(opened, 0, 10)), expected);
    }
    byte[] before = image.array().clone();
    MemoryBlockFile file = new MemoryBlockFile(folder.resolve("bad.qcow2"), before);
    try (Qcow2Image opened = Disks.open(file, Disks.WRITE)) {
      assertThrows(DiskImageException.class, () -> Disks.write(opened, 0, Disks.filled(1, 10)));
      assertThrows(DiskImageException.class, () -> opened.discard(0, CLUSTER));
    } catch (DiskImageException e) {
      assertSentence(e, "Image");
    }
    assertArrayEquals(before, file.content(), "A refused request changed the file");
  }

  @ParameterizedTest
  @ValueSource(
      longs = {
        0x8000000000000200L, // Unaligned.
        0x8000000000000000L, // The header.
        0x80FFFFFFFFFFF000L, // Beyond the end.
        0x8000000000000001L, // Reserved bits.
        0xFFFFFFFFFFFFFFFFL
      })
  void badL1EntryIsRefused(long entry) throws IOException {
    image.putLong(l1(), entry);

    assertFirstClusterRefused("L1 entry 0");
  }

  @Test
  void l1EntryThatPointsAtTheL1TableItselfIsNotWritten() throws IOException {
    image.putLong(l1(), 1L << 63 | l1());

    assertSentence(
        assertThrows(DiskImageException.class, () -> open(Disks.WRITE)), "for two tables");
    // For reading the table is taken as it is: the guest sees bytes of its own file, no others.
    byte[] table = Arrays.copyOfRange(image.array(), l1(), l1() + CLUSTER);
    try (Qcow2Image opened = open(Disks.READ)) {
      assertArrayEquals(table, Disks.read(opened, 0, CLUSTER));
    }
  }

  @Test
  void twoL1EntriesWithOneL2TableAreNotWritten() {
    image.putLong(l1() + 8, image.getLong(l1()));

    assertSentence(
        assertThrows(DiskImageException.class, () -> open(Disks.WRITE)), "for two tables");
  }

  @ParameterizedTest
  @ValueSource(
      longs = {
        0x8000000000000800L, // Unaligned.
        0x80FFFFFFFFFFF000L, // Beyond the end.
        0x80000000000010FEL, // Reserved bits.
        0xC000000000005000L, // Compressed with COPIED.
        0x40FFFFFFFFFFF000L // Compressed, beyond the end.
      })
  void badL2EntryIsRefused(long entry) throws IOException {
    image.putLong(l2(), entry);

    assertFirstClusterRefused("corrupt L2 entry");
  }

  @ParameterizedTest
  @ValueSource(longs = {1L << 63, 1L << 63 | 1, 1})
  void l2EntryOfNoClusterWithFlagsIsWrittenLikeAFreeOne(long entry) throws IOException {
    image.putLong(l2(), entry);

    try (Qcow2Image opened = open(Disks.WRITE)) {
      assertArrayEquals(new byte[100], Disks.read(opened, 0, 100));
      Disks.write(opened, 50, Disks.filled(7, 100));
      opened.mapForWrite(0, 10, new org.vivarium.images.disk.Extent());
      assertArrayEquals(Disks.filled(7, 100), Disks.read(opened, 50, 100));
    }
  }

  @Test
  void l2EntryThatPointsAtMetadataIsNotWritten() throws IOException {
    int[] targets = {(int) image.getLong(48), refcountBlock(), l1(), l2()};
    for (int target : targets) {
      image = ByteBuffer.wrap(sound.clone());
      image.putLong(l2(), 1L << 63 | target);
      byte[] before = image.array().clone();
      MemoryBlockFile file = new MemoryBlockFile(folder.resolve("bad.qcow2"), before);
      try (Qcow2Image opened = Disks.open(file, Disks.WRITE)) {
        assertSentence(
            assertThrows(
                DiskImageException.class,
                () -> Disks.write(opened, 0, Disks.filled(0xEE, CLUSTER))),
            "corrupt L2 entry");
      }
      assertArrayEquals(before, file.content());
    }
  }

  @Test
  void twoGuestClustersInOneHostClusterHarmOnlyThemselves() throws IOException {
    image.putLong(l2() + 8, image.getLong(l2()));

    try (Qcow2Image opened = open(Disks.WRITE)) {
      Disks.write(opened, 0, Disks.filled(1, 2 * CLUSTER));
      opened.discard(0, 2 * CLUSTER);
      opened.flush();
      Disks.write(opened, 0, Disks.filled(2, 8 * CLUSTER));
      opened.flush();
      assertArrayEquals(Disks.random(2, CLUSTER), Disks.read(opened, 3 << 20, CLUSTER));
    }
  }

  @Test
  void refcountBlockOutOfTheFileIsNotWritten() {
    for (long entry : new long[] {0x7FFFFFFFFFFFF000L, -512, 0x1200, 0xFFFFFFFFFFFFF000L}) {
      image.putLong((int) image.getLong(48), entry);

      assertSentence(
          assertThrows(DiskImageException.class, () -> open(Disks.WRITE)), "refcount table entry");
    }
  }

  @Test
  void refcountsOfZeroNeverHandOutMetadata() throws IOException {
    Arrays.fill(image.array(), refcountBlock(), refcountBlock() + CLUSTER, (byte) 0);
    MemoryBlockFile file = new MemoryBlockFile(folder.resolve("bad.qcow2"), image.array());

    try (Qcow2Image opened = Disks.open(file, Disks.WRITE)) {
      Disks.write(opened, 2 << 20, Disks.filled(0xEE, 1 << 19));
      assertArrayEquals(Disks.filled(0xEE, 1 << 19), Disks.read(opened, 2 << 20, 1 << 19));
    }

    assertEquals(ByteBuffer.wrap(sound).getLong(40), ByteBuffer.wrap(file.content()).getLong(40));
    try (Qcow2Image opened = Disks.open(file, Disks.READ)) {
      assertArrayEquals(Disks.filled(0xEE, 1 << 19), Disks.read(opened, 2 << 20, 1 << 19));
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void compressedGarbageIsRefused(boolean zstd) throws IOException {
    if (zstd) {
      image.putLong(72, 8).put(104, (byte) 1);
    }
    long data = image.getLong(l2()) & 0x00FFFFFFFFFFFE00L;
    image.putLong(l2(), 1L << 62 | 7L << 58 | data);

    try (Qcow2Image opened = open(Disks.READ)) {
      for (int i = 0; i < 2; i++) {
        assertSentence(
            assertThrows(DiskImageException.class, () -> Disks.read(opened, 0, 10)), "compressed");
      }
      assertArrayEquals(
          Arrays.copyOfRange(Disks.random(1, 3 * CLUSTER), CLUSTER, 2 * CLUSTER),
          Disks.read(opened, CLUSTER, CLUSTER));
    }
  }

  @Test
  void deflateBombExpandsToOneClusterOnly() throws IOException {
    byte[] bomb = new byte[4 * CLUSTER];
    try (java.util.zip.Deflater deflater = new java.util.zip.Deflater(9, true)) {
      deflater.setInput(new byte[8 << 20]);
      deflater.finish();
      deflater.deflate(bomb);
    }
    int data = (int) (image.getLong(l2()) & 0x00FFFFFFFFFFFE00L);
    image.put(data, bomb, 0, CLUSTER);
    image.putLong(l2(), 1L << 62 | 7L << 58 | data);

    try (Qcow2Image opened = open(Disks.READ)) {
      assertArrayEquals(new byte[CLUSTER], Disks.read(opened, 0, CLUSTER));
    }
  }

  @Test
  void hugeSparseDiskCostsNoMemory() throws IOException {
    long size = 60L << 50;
    MemoryBlockFile file = new MemoryBlockFile(folder.resolve("huge.qcow2"), new byte[0]);
    Qcow2Creator.write(file, Qcow2Creator.Spec.of(size).withClusterBits(21));

    try (Qcow2Image opened = Disks.open(file, Disks.WRITE)) {
      assertEquals(size, opened.size());
      assertArrayEquals(new byte[100], Disks.read(opened, size - 100, 100));
      opened.discard(0, size);
      opened.writeZeroes(0, size, true);
      assertThrows(DiskImageException.class, () -> opened.discard(1, size));
      assertThrows(DiskImageException.class, () -> Disks.read(opened, size - 99, 100));
      assertThrows(DiskImageException.class, () -> Disks.read(opened, -1, 1));
    }
  }

  @Test
  void dirtyImageWithReferencesToItsOwnHeaderIsNotRepaired() {
    image.putLong(72, 1);
    image.putLong(l2(), 1L << 63 | l1());
    assertSentence(
        assertThrows(DiskImageException.class, () -> open(Disks.WRITE)), "its own L1 table");
    image.putLong(l2(), 1L << 63 | 0x00FFFFFFFFFFF000L);
    assertSentence(
        assertThrows(DiskImageException.class, () -> open(Disks.WRITE)), "no cluster of the file");
  }

  @Test
  void imageCutOffAnywhereIsRefusedOrReadsWhatIsThere() throws IOException {
    for (int length = 0; length <= sound.length; length += 256) {
      byte[] cut = Arrays.copyOf(sound, length);
      for (DiskOptions options : new DiskOptions[] {Disks.READ, Disks.WRITE}) {
        MemoryBlockFile file = new MemoryBlockFile(folder.resolve("cut.qcow2"), cut);
        try (Qcow2Image opened = Disks.open(file, options)) {
          assertEquals(SIZE, Disks.readAll(opened).length);
          opened.flush();
        } catch (DiskImageException e) {
          assertSentence(e, "Image");
        }
      }
    }
  }
}
