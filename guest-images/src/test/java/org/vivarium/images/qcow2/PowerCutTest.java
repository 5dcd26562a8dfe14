package org.vivarium.images.qcow2;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.vivarium.images.disk.DiskFormat;

/**
 * Cuts the power after every single write of random histories, with all, none and random subsets of
 * what was not synced, down to torn sectors. Every image must be consistent but for leaks, hold
 * what was flushed, and hold in every sector that content or a later write's.
 */
class PowerCutTest {
  private static final int SECTOR = 512;
  private static final int STEPS = 100;

  @TempDir(factory = MemoryTempDir.class)
  Path folder;

  /** A state that a sector was given by a request, known from its first event on. */
  private record Version(int event, int sector, byte[] bytes) {}

  /** A flush that had returned when so many events were issued, and the disk then. */
  private record Flushed(int event, byte[] disk, int versions) {}

  private final class History {
    final Random random;
    final byte[] backing;
    final RecordingBlockFile file;
    final List<Version> versions = new ArrayList<>();
    final List<Flushed> flushes = new ArrayList<>();
    byte[] model;

    History(int seed, boolean snapshot) throws Exception {
      random = new Random(seed);
      Path path = folder.resolve("disk-" + seed);
      int bits = new int[] {9, 10, 12}[random.nextInt(3)];
      int size = SECTOR * (200 + random.nextInt(600));
      Qcow2Creator.Spec spec = Qcow2Creator.Spec.of(size).withClusterBits(bits);
      if (random.nextInt(3) == 0) {
        backing = Disks.random(seed, SECTOR * random.nextInt(500));
        Files.write(folder.resolve("base-" + seed), backing);
        spec = spec.over("base-" + seed, DiskFormat.RAW);
      } else {
        backing = new byte[0];
      }
      model = Arrays.copyOf(backing, size);
      Qcow2Creator.create(path, spec);
      if (snapshot) {
        try (Qcow2Image image = Qcow2Image.open(path, Disks.WRITE)) {
          byte[] below = Disks.random(~seed, size / 2);
          Disks.write(image, 0, below);
          System.arraycopy(below, 0, model, 0, below.length);
        }
        Qemu.ok("qemu-img", "snapshot", "-c", "s", path.toString());
      }
      byte[] start = Files.readAllBytes(path);
      file = new RecordingBlockFile(new MemoryBlockFile(path, start), start);
      flushes.add(new Flushed(0, model.clone(), 0));
    }

    void run() throws IOException {
      Qcow2Image image = Disks.open(file, Disks.SMALL_CACHE);
      for (int i = 0; i < STEPS; i++) {
        step(image);
      }
      image.close();
      flushed();
    }

    private void step(Qcow2Image image) throws IOException {
      int offset = random.nextInt(model.length / SECTOR) * SECTOR;
      int most = Math.min(model.length - offset, SECTOR * (1 + random.nextInt(64)));
      int length = (1 + random.nextInt(most / SECTOR)) * SECTOR;
      switch (random.nextInt(8)) {
        case 0 -> {
          image.flush();
          flushed();
        }
        case 1 -> {
          image.discard(offset, length);
          // Content that a discard leaves is allowed anyway: it is what was there before.
          note(offset, new byte[length]);
          System.arraycopy(Disks.read(image, offset, length), 0, model, offset, length);
        }
        case 2 -> {
          note(offset, new byte[length]);
          image.writeZeroes(offset, length, random.nextBoolean());
        }
        default -> {
          byte[] bytes = new byte[length];
          random.nextBytes(bytes);
          note(offset, bytes);
          Disks.write(image, offset, bytes);
        }
      }
    }

    private void note(int offset, byte[] bytes) {
      for (int at = 0; at < bytes.length; at += SECTOR) {
        byte[] sector = Arrays.copyOfRange(bytes, at, at + SECTOR);
        versions.add(new Version(file.eventCount(), (offset + at) / SECTOR, sector));
      }
      System.arraycopy(bytes, 0, model, offset, bytes.length);
    }

    private void flushed() {
      flushes.add(new Flushed(file.eventCount(), model.clone(), versions.size()));
    }

    void verify(byte[] image, int event) {
      assertConsistent(image, event);
      Flushed last = flushes.get(0);
      for (Flushed f : flushes) {
        last = f.event() <= event ? f : last;
      }
      byte[] disk = Qcow2Check.content(image, backing);
      assertEquals(last.disk().length, disk.length);
      boolean[] good = new boolean[disk.length / SECTOR];
      for (int s = 0; s < good.length; s++) {
        good[s] = sectorEquals(disk, s, last.disk(), s * SECTOR);
      }
      for (Version v : versions.subList(last.versions(), versions.size())) {
        if (!good[v.sector()] && v.event() <= event) {
          good[v.sector()] = sectorEquals(disk, v.sector(), v.bytes(), 0);
        }
      }
      for (int s = 0; s < good.length; s++) {
        assertTrue(good[s], "Sector " + s + " holds neither old nor new, after event " + event);
      }
    }

    private boolean sectorEquals(byte[] disk, int sector, byte[] bytes, int at) {
      return Arrays.equals(disk, sector * SECTOR, (sector + 1) * SECTOR, bytes, at, at + SECTOR);
    }
  }

  private static void assertConsistent(byte[] image, int event) {
    List<String> corruptions = Qcow2Check.check(image).corruptions();
    assertTrue(
        corruptions.isEmpty(),
        () -> corruptions.size() + " corruptions after event " + event + ": " + corruptions.get(0));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4})
  void everyCutLeavesAConsistentImageWithAllThatWasFlushed(int seed) throws Exception {
    History history = new History(seed, seed % 4 == 3);
    history.run();
    Random random = new Random(seed);
    int events = history.file.eventCount();
    RecordingBlockFile.Replay replay = history.file.new Replay();
    assertTrue(events > 100, "The history is too short to mean much: " + events);

    for (int event = 0; event <= events; event++) {
      for (RecordingBlockFile.Survivors survivors : RecordingBlockFile.Survivors.values()) {
        byte[] image = replay.cut(event, survivors, random);
        history.verify(image, event);
        if (random.nextInt(events) < 4) {
          confirmWithQemu(image);
          survivesBeingUsedAgain(history, image);
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(RecordingBlockFile.Survivors.class)
  void growthOfEveryTableSurvivesEveryCut(RecordingBlockFile.Survivors survivors) throws Exception {
    Path path = folder.resolve("growing.qcow2");
    int size = 1 << 20;
    Qcow2Creator.create(path, Qcow2Creator.Spec.of(size).withClusterBits(9).withRefcountOrder(6));
    byte[] start = Files.readAllBytes(path);
    RecordingBlockFile file = new RecordingBlockFile(new MemoryBlockFile(path, start), start);
    byte[] content = Disks.random(2, 3 << 20);
    int flushed;
    try (Qcow2Image image = Disks.open(file, Disks.WRITE)) {
      Disks.write(image, 0, Arrays.copyOf(content, size));
      image.flush();
      flushed = file.eventCount();
      image.resize(3 << 20);
      for (int at = size; at < content.length; at += 100_000) {
        int end = Math.min(at + 100_000, content.length);
        Disks.write(image, at, Arrays.copyOfRange(content, at, end));
        image.flush();
      }
    }
    int l1Before = ByteBuffer.wrap(start).getInt(36);

    Random random = new Random(3);
    RecordingBlockFile.Replay replay = file.new Replay();
    for (int event = 0; event <= file.eventCount(); event++) {
      byte[] image = replay.cut(event, survivors, random);
      assertConsistent(image, event);
      if (event >= flushed) {
        byte[] disk = Qcow2Check.content(image, new byte[0]);
        assertTrue(Arrays.equals(disk, 0, size, content, 0, size), "after event " + event);
      }
    }
    byte[] end = replay.cut(file.eventCount(), RecordingBlockFile.Survivors.NONE, random);
    assertArrayEquals(content, Qcow2Check.content(end, new byte[0]));
    assertTrue(ByteBuffer.wrap(end).getInt(36) > l1Before, "The L1 table did not grow");
    assertTrue(ByteBuffer.wrap(end).getInt(56) > 1, "The refcount table did not grow");
    confirmWithQemu(end);
  }

  private void confirmWithQemu(byte[] image) throws Exception {
    Path path = Files.write(folder.resolve("cut.qcow2"), image);
    Qemu.assertConsistent(path);
  }

  private void survivesBeingUsedAgain(History history, byte[] cut) throws IOException {
    MemoryBlockFile file = new MemoryBlockFile(history.file.path(), cut);
    byte[] expected = Qcow2Check.content(cut, history.backing);
    byte[] patch = Disks.random(1, expected.length / 2);
    System.arraycopy(patch, 0, expected, 1000, patch.length);

    try (Qcow2Image image = Disks.open(file, Disks.WRITE)) {
      Disks.write(image, 1000, patch);
    }

    assertEquals(List.of(), Qcow2Check.check(file.content()).corruptions());
    assertArrayEquals(expected, Qcow2Check.content(file.content(), history.backing));
  }

  @Test
  void theCheckerFindsWhatQemuFinds() throws Exception {
    Path path = folder.resolve("checked.qcow2");
    Qcow2Creator.create(path, Qcow2Creator.Spec.of(1 << 20).withClusterBits(12));
    try (Qcow2Image image = Qcow2Image.open(path, Disks.WRITE)) {
      Disks.write(image, 0, Disks.random(1, 500_000));
    }
    byte[] sound = Files.readAllBytes(path);
    assertEquals(new Qcow2Check.Report(List.of(), 0), Qcow2Check.check(sound));
    Random random = new Random(1);

    for (int i = 0; i < 40; i++) {
      byte[] broken = sound.clone();
      // Cluster 2 holds refcounts, cluster 4 the first L2 table.
      int at = (random.nextBoolean() ? 2 : 4) * 4096 + random.nextInt(200);
      broken[at] ^= (byte) (1 << random.nextInt(8));
      int qemu =
          Qemu.run("qemu-img", "check", "-f", "qcow2", Files.write(path, broken).toString())
              .status();
      Qcow2Check.Report ours = Qcow2Check.check(broken);

      assertEquals(
          qemu,
          !ours.corruptions().isEmpty() ? 2 : ours.leaks() > 0 ? 3 : 0,
          "byte " + at + ": " + ours);
    }
  }
}
