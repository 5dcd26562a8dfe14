package org.vivarium.images.ext4;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.vivarium.images.disk.DiskImage;
import org.vivarium.images.disk.DiskImageException;

class Ext4VolumeTest {
  private static final int INCOMPATIBLE = 1024 + 96;

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "-t ext4",
        "-t ext4 -b 1024",
        "-t ext4 -O meta_bg,^resize_inode -b 1024",
        "-t ext4 -O ^64bit,^metadata_csum,^flex_bg",
        "-t ext4 -I 128 -O ^extent,^64bit",
        "-t ext3 -b 1024",
        "-t ext2 -b 2048"
      })
  void readsWhatMke2fsWrote(String options) throws Exception {
    Path image = ExtFixture.make(folder, ExtFixture.tree(folder), options, "16M");
    // Folders get an index over their entries, as the kernel makes it for large ones.
    ExtFixture.run(folder, List.of("e2fsck", "-fyD", image.toString()), 1);
    try (DiskImage disk = ExtFixture.open(image)) {
      Ext4Volume volume = Ext4Volume.open(ExtFixture.whole(disk));

      assertEquals(Optional.of("small\n"), volume.readText("/small", 100));
      assertEquals(Optional.of("found\n"), volume.readText("absolute", 100));
      assertEquals(Optional.of("found\n"), volume.readText("/deep/relative", 100));
      assertEquals(Optional.of("found\n"), volume.readText("/long", 100));
      ByteArrayOutputStream big = new ByteArrayOutputStream();
      volume.copy("/big", 1 << 20, big);
      assertArrayEquals(ExtFixture.big(), big.toByteArray());
      assertEquals(600, new HashSet<>(volume.list("/many")).size());
      assertTrue(volume.stat("/many/a-file-with-a-rather-long-name-599").isPresent());
      assertFalse(volume.stat("/many/a-file-with-a-rather-long-name-600").isPresent());
      assertEquals(Optional.of("/deep/a/b/target"), volume.readLink("/absolute"));
      assertFalse(volume.needsRecovery());
      assertTrue(volume.stat("/../../small").isPresent());
    }
  }

  private byte[] small() throws Exception {
    Path tree = folder.resolve("few");
    Files.createDirectories(tree.resolve("sub"));
    Files.writeString(tree.resolve("file"), "x".repeat(5000));
    Files.createSymbolicLink(tree.resolve("loop"), Path.of("loop"));
    return Files.readAllBytes(
        ExtFixture.make(folder, tree, "-t ext4 -b 1024 -O ^has_journal", "1M"));
  }

  private static String refusal(org.junit.jupiter.api.function.Executable action) {
    return String.valueOf(assertThrows(DiskImageException.class, action).getMessage());
  }

  @Test
  void endsALoopOfLinks() throws Exception {
    try (DiskImage disk = ExtFixture.open(folder, small())) {
      Ext4Volume volume = Ext4Volume.open(ExtFixture.whole(disk));

      assertEquals(
          "The file system on the test's disk is damaged: a path goes over more than 40 symbolic"
              + " links.",
          refusal(() -> volume.stat("/loop")));
    }
  }

  @Test
  void readsNoMoreThanItWasAllowedTo() throws Exception {
    try (DiskImage disk = ExtFixture.open(folder, small())) {
      Ext4Volume volume = Ext4Volume.open(ExtFixture.whole(disk));

      assertEquals(
          "A file on the test's disk states a size of 5000 bytes; at most 4999 are read.",
          refusal(() -> volume.readText("/file", 4999)));
    }
  }

  @Test
  void namesFeaturesThatItCannotRead() throws Exception {
    byte[] image = small();
    ByteBuffer raw = ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN);
    raw.putInt(INCOMPATIBLE, raw.getInt(INCOMPATIBLE) | 0x80000000);
    try (DiskImage disk = ExtFixture.open(folder, image)) {
      assertEquals(
          "The file system on the test's disk has the features 0x80000000, which cannot be read"
              + " here.",
          refusal(() -> Ext4Volume.open(ExtFixture.whole(disk))));
    }
  }

  @Test
  void saysThatTheJournalHoldsMore() throws Exception {
    byte[] image = small();
    image[INCOMPATIBLE] |= 4;
    try (DiskImage disk = ExtFixture.open(folder, image)) {
      assertTrue(Ext4Volume.open(ExtFixture.whole(disk)).needsRecovery());
    }
  }

  private static final int BLOCK = 1024;

  /** A file system whose "file" of five blocks is older on the disk than in the journal. */
  private Path dirty(String options, String open, String... journal) throws Exception {
    Path tree = Files.createDirectories(folder.resolve("few"));
    Files.writeString(tree.resolve("file"), "x".repeat(5 * BLOCK));
    Path image = ExtFixture.make(folder, tree, "-b 1024 " + options, "8M");
    List<String> blocks = ExtFixture.blocks(folder, image, "/file");
    assertEquals(5, blocks.size());
    Files.write(folder.resolve("a"), "a".repeat(BLOCK).getBytes(StandardCharsets.US_ASCII));
    Files.write(folder.resolve("w"), "a".repeat(3 * BLOCK).getBytes(StandardCharsets.US_ASCII));
    Files.write(folder.resolve("b"), "b".repeat(BLOCK).getBytes(StandardCharsets.US_ASCII));
    // What begins as the journal's own blocks do is stored otherwise.
    Files.write(folder.resolve("m"), ByteBuffer.allocate(BLOCK).putInt(0, Journal.MAGIC).array());
    List<String> commands = new java.util.ArrayList<>(List.of("jo " + open));
    for (String line : journal) {
      String command = line.replaceAll("file ([abmw])", folder + "/$1");
      for (int i = 0; i < blocks.size(); i++) {
        command = command.replace("#" + i, blocks.get(i));
      }
      commands.add(command);
    }
    commands.add("jc");
    ExtFixture.journal(folder, image, commands.toArray(String[]::new));
    return image;
  }

  private static byte[] file(Path image, boolean dirty) throws IOException {
    try (DiskImage disk = ExtFixture.open(image)) {
      Ext4Volume volume = Ext4Volume.open(ExtFixture.whole(disk));
      assertEquals(dirty, volume.needsRecovery());
      ByteArrayOutputStream content = new ByteArrayOutputStream();
      volume.copy("/file", BLOCK * 5, content);
      return content.toByteArray();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "-t ext4,-c",
    "-t ext4,-c -v 2",
    "-t ext4,''",
    "'-t ext4 -O ^64bit,^metadata_csum',''",
    "-t ext3,''"
  })
  void readsWhatTheJournalHoldsAsE2fsckReplaysIt(String options, String open) throws Exception {
    Path image =
        dirty(
            options,
            open,
            "jw -b #0,#1,#2 file w",
            "jw -b #1 file m",
            "jw -b #2 file b",
            "jw -r #2 /dev/null",
            "jw -b #3 file b",
            "jw -b #4 -c file b");

    byte[] read = file(image, true);

    ExtFixture.run(folder, List.of("e2fsck", "-fy", image.toString()), 1);
    assertArrayEquals(file(image, false), read);
    assertEquals('a', read[0]);
    assertEquals((byte) (Journal.MAGIC >> 24), read[BLOCK]);
    assertEquals('x', read[2 * BLOCK]);
    assertEquals('b', read[3 * BLOCK]);
  }

  @Test
  void aJournalThatBeginsOutsideOfItselfIsRefused() throws Exception {
    Path image = dirty("-t ext4", "-c", "jw -b #0 file a");
    byte[] content = Files.readAllBytes(image);
    ByteBuffer raw = ByteBuffer.wrap(content);
    int head = 0;
    while (raw.getInt(head) != Journal.MAGIC || raw.getInt(head + 4) != 4) {
      head += BLOCK;
    }
    raw.putInt(head + 28, 1 << 30);
    try (DiskImage disk = ExtFixture.open(folder, content)) {
      assertEquals(
          "The file system on the test's disk is damaged: its journal begins outside of itself.",
          refusal(() -> Ext4Volume.open(ExtFixture.whole(disk))));
    }
    raw.putInt(head + 40, 1 << 20);
    try (DiskImage disk = ExtFixture.open(folder, content)) {
      assertEquals(
          "The journal on the test's disk is too large or has features (0x100000) that are not"
              + " replayed here; start the disk once with a kernel of your own.",
          refusal(() -> Ext4Volume.open(ExtFixture.whole(disk))));
    }
  }

  @Test
  void aTruncatedDiskIsRefused() throws Exception {
    byte[] image = java.util.Arrays.copyOf(small(), 1 << 19);
    try (DiskImage disk = ExtFixture.open(folder, image)) {
      assertTrue(
          refusal(() -> Ext4Volume.open(ExtFixture.whole(disk))).contains("contradicts itself"));
    }
  }

  /** Opens and walks all that can be reached; only a refusal may come of it. */
  private static void walk(DiskImage disk) throws IOException {
    Volume volume = ExtFixture.whole(disk);
    if (!Ext4Volume.isPresent(volume)) {
      return;
    }
    try {
      Ext4Volume read = Ext4Volume.open(volume);
      for (String name : read.list("/")) {
        try {
          read.readLink(name);
          read.list(name);
          if (read.stat(name).isPresent()) {
            read.copy(name, 1 << 20, OutputStream.nullOutputStream());
          }
        } catch (DiskImageException e) {
          assertEquals(1, String.valueOf(e.getMessage()).lines().count());
        }
      }
    } catch (DiskImageException e) {
      assertEquals(1, String.valueOf(e.getMessage()).lines().count());
    }
  }

  @Test
  void wrongNumbersAnywhereAreRefusedInTime() throws Exception {
    byte[] good = small();
    Random random = new Random(11);
    Assertions.assertTimeoutPreemptively(
        Duration.ofSeconds(120),
        () -> {
          for (int round = 0; round < 400; round++) {
            byte[] bad = good.clone();
            for (int i = 0; i < 30; i++) {
              // The super block, descriptors, inodes and folders lie in the first part.
              bad[1024 + random.nextInt(200_000)] = (byte) random.nextInt();
              bad[1024 + random.nextInt(300)] ^= (byte) (random.nextInt(8) == 0 ? 1 : 0);
            }
            Path file = folder.resolve("bad.raw");
            Files.write(file, bad);
            try (DiskImage disk = ExtFixture.open(file)) {
              walk(disk);
            }
          }
        });
  }

  @FuzzTest(maxDuration = "60s")
  void anyBytesAreReadOrRefused(byte[] content) {
    try {
      Path temporary = Files.createTempFile("fuzz", ".raw");
      try {
        Files.write(temporary, content);
        try (DiskImage disk = ExtFixture.open(temporary)) {
          walk(disk);
        }
      } finally {
        Files.delete(temporary);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
