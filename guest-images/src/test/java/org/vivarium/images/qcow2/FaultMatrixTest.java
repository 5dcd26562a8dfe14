package org.vivarium.images.qcow2;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.vivarium.images.disk.DiskFormat;
import org.vivarium.images.disk.DiskImageException;

/**
 * Fails every single read, write and sync of a scenario that passes every kind of metadata change,
 * once and for good. No error may corrupt the image or change what a request did not touch, and
 * after a mended write error everything must work again.
 */
class FaultMatrixTest {
  private static final int SIZE = 300 << 10;

  @TempDir(factory = MemoryTempDir.class)
  Path folder;

  /** One request: its range, what it leaves there, and how it is made. */
  private record Request(int offset, byte[] after, Action action) {}

  private interface Action {
    void run(Qcow2Image image) throws IOException;
  }

  /** A disk over a backing file, with a snapshot, an L2 table and compressed clusters in it. */
  private byte[] startImage() throws Exception {
    Files.write(folder.resolve("base"), backing());
    Path plain = folder.resolve("plain.qcow2");
    Qcow2Creator.create(
        plain, Qcow2Creator.Spec.of(SIZE).withClusterBits(9).over("base", DiskFormat.RAW));
    try (Qcow2Image image = Qcow2Image.open(plain, Disks.WRITE)) {
      Disks.write(image, 0, Disks.filled(0x11, 60_000));
      Disks.write(image, 100_000, Disks.filled(0x22, 5000));
    }
    Qemu.ok("qemu-img", "snapshot", "-c", "s", plain.toString());
    Qemu.io("qcow2", plain, "write -c -P 0x33 200k 512", "write -c -P 0x34 205312 512");
    return Files.readAllBytes(plain);
  }

  private static byte[] backing() {
    return Disks.filled(0x77, 150_000);
  }

  private static byte[] startContent() {
    byte[] content = Arrays.copyOf(backing(), SIZE);
    Arrays.fill(content, 0, 60_000, (byte) 0x11);
    Arrays.fill(content, 100_000, 105_000, (byte) 0x22);
    Arrays.fill(content, 204_800, 205_312, (byte) 0x33);
    Arrays.fill(content, 205_312, 205_824, (byte) 0x34);
    return content;
  }

  private static Request write(int offset, int length, int value) {
    byte[] bytes = Disks.filled(value, length);
    return new Request(offset, bytes, image -> Disks.write(image, offset, bytes));
  }

  private static Request zero(int offset, int length, boolean unmap) {
    return new Request(offset, new byte[length], image -> image.writeZeroes(offset, length, unmap));
  }

  private static final Request FLUSH = new Request(0, new byte[0], Qcow2Image::flush);

  private static final List<Request> SCENARIO =
      List.of(
          write(1000, 3000, 1), // Copy of a shared L2 table and of shared clusters.
          write(120_001, 777, 2), // Copy from the backing file.
          FLUSH,
          write(1200, 100, 3), // In place.
          write(204_900, 1500, 4), // Over compressed clusters.
          zero(50_000, 20_000, true),
          zero(101_000, 2000, false),
          write(101_100, 50, 5), // Into clusters that are zero but allocated.
          FLUSH,
          new Request(
              100_352,
              Disks.filled(0, 1024),
              image -> image.discard(100_352, 1024)), // Allocated: reads as zeros.
          write(220_000, 70_000, 6), // New L2 tables and refcount blocks.
          FLUSH,
          write(52_000, 9000, 7),
          FLUSH);

  @ParameterizedTest
  @EnumSource(FaultyBlockFile.Fault.class)
  void noFaultAtAnyStepCorruptsTheImage(FaultyBlockFile.Fault fault) throws Exception {
    byte[] start = startImage();
    int fired = 0;
    for (boolean once : new boolean[] {true, false}) {
      for (int at = 0; run(start, fault, at, once); at++) {
        fired++;
      }
    }
    // Both passes of the scenario, so that a shortened one is noticed.
    assertTrue(fired >= 20, "Fired only " + fired);
  }

  /** Runs the scenario with one fault; false where it has no such operation any more. */
  private boolean run(byte[] start, FaultyBlockFile.Fault fault, int at, boolean once)
      throws IOException {
    String where = fault + " " + at + (once ? " once" : " for good");
    MemoryBlockFile memory = new MemoryBlockFile(folder.resolve("faulty.qcow2"), start);
    FaultyBlockFile file = new FaultyBlockFile(memory, fault, at, once);
    byte[] expected = startContent();
    boolean[] unknown = new boolean[SIZE];
    Qcow2Image image;
    try {
      image = Disks.open(file, Disks.WRITE);
    } catch (IOException e) {
      assertTrue(file.hasFired(), where);
      assertConsistent(memory, where);
      return true;
    }
    for (Request request : SCENARIO) {
      boolean failed = false;
      try {
        request.action().run(image);
      } catch (IOException e) {
        assertTrue(file.hasFired(), where + ": " + e);
        failed = true;
      }
      int end = request.offset() + request.after().length;
      System.arraycopy(request.after(), 0, expected, request.offset(), request.after().length);
      Arrays.fill(unknown, request.offset(), end, failed);
      assertConsistent(memory, where);
    }
    file.mend();
    assertContent(expected, unknown, Disks.readAll(image), where);
    if (fault == FaultyBlockFile.Fault.SYNC && file.hasFired()) {
      assertThrows(DiskImageException.class, image::flush, where);
      assertThrows(DiskImageException.class, image::close, where);
      assertConsistent(memory, where);
      return true;
    }
    Disks.write(image, 70_000, Disks.filled(9, 100_000));
    Arrays.fill(expected, 70_000, 170_000, (byte) 9);
    Arrays.fill(unknown, 70_000, 170_000, false);
    image.close();
    assertConsistent(memory, where);
    try (Qcow2Image again = Disks.open(memory, Disks.WRITE)) {
      assertContent(expected, unknown, Disks.readAll(again), where);
    }
    return file.hasFired();
  }

  private static void assertConsistent(MemoryBlockFile file, String where) {
    assertEquals(List.of(), Qcow2Check.check(file.content()).corruptions(), where);
  }

  private static void assertContent(
      byte[] expected, boolean[] unknown, byte[] actual, String where) {
    assertEquals(expected.length, actual.length);
    for (int i = 0; i < expected.length; i++) {
      if (!unknown[i] && expected[i] != actual[i]) {
        throw new AssertionError(
            where + ": byte " + i + " is " + actual[i] + " instead of " + expected[i]);
      }
    }
  }

  @Test
  void aFailedGrowthLeavesAConsistentImage() throws Exception {
    byte[] start = startImage();
    for (FaultyBlockFile.Fault fault : FaultyBlockFile.Fault.values()) {
      boolean fired = true;
      for (int at = 0; fired; at++) {
        MemoryBlockFile memory = new MemoryBlockFile(folder.resolve("grown.qcow2"), start);
        FaultyBlockFile file = new FaultyBlockFile(memory, fault, at, true);
        try (Qcow2Image image = Disks.open(file, Disks.WRITE)) {
          image.resize(8 << 20);
          Disks.write(image, 7 << 20, Disks.filled(5, 5000));
        } catch (IOException e) {
          assertTrue(file.hasFired(), fault + " " + at + ": " + e);
        }
        fired = file.hasFired();
        assertConsistent(memory, fault + " " + at);
        try (Qcow2Image image = Disks.open(memory, Disks.READ)) {
          byte[] expected = startContent();
          assertContent(expected, new boolean[SIZE], Disks.read(image, 0, SIZE), fault + " " + at);
        }
      }
    }
  }
}
