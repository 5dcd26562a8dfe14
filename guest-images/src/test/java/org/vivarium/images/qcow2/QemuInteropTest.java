package org.vivarium.images.qcow2;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vivarium.images.disk.DiskFormat;
import org.vivarium.images.disk.Extent;

/** Images that QEMU made read back equal; images that were written here please QEMU. */
class QemuInteropTest {
  @TempDir(factory = MemoryTempDir.class)
  Path folder;

  private Path qemuCreate(String options, String size) throws Exception {
    Path image = folder.resolve("qemu.qcow2");
    if (options.isEmpty()) {
      Qemu.ok("qemu-img", "create", "-q", "-f", "qcow2", image.toString(), size);
    } else {
      Qemu.ok("qemu-img", "create", "-q", "-f", "qcow2", "-o", options, image.toString(), size);
    }
    return image;
  }

  private void fillWithQemu(Path image) throws Exception {
    Qemu.io(
        "qcow2",
        image,
        "write -P 0x11 0 300k",
        "write -P 0x22 1M 4k",
        "write -P 0x33 5242000 1000",
        "write -z 100k 50k",
        "write -z -u 200k 64k",
        "write -P 0x44 7M 1M",
        "discard 7M 512k");
  }

  private void assertReadsAsQemuDoes(Path image) throws Exception {
    try (Qcow2Image ours = Qcow2Image.open(image, Disks.READ)) {
      Disks.dump(ours, folder.resolve("ours.raw"));
    }
    Qemu.assertSame("raw", folder.resolve("ours.raw"), "qcow2", image);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "compat=0.10",
        "cluster_size=512",
        "cluster_size=4k",
        "cluster_size=2M",
        "refcount_bits=1",
        "refcount_bits=64",
        "lazy_refcounts=on",
        "preallocation=metadata",
        "preallocation=full",
        "extended_l2=on",
        "extended_l2=on,cluster_size=16k"
      })
  void readsWhatQemuWroteWhenMadeWith(String options) throws Exception {
    Path image = qemuCreate(options, "10M");
    fillWithQemu(image);

    assertReadsAsQemuDoes(image);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "cluster_size=512",
        "cluster_size=2M",
        "refcount_bits=1",
        "refcount_bits=2",
        "refcount_bits=4",
        "refcount_bits=8",
        "refcount_bits=32",
        "refcount_bits=64",
        "lazy_refcounts=on",
        "preallocation=metadata"
      })
  void qemuAcceptsOurWritesToItsImageMadeWith(String options) throws Exception {
    Path image = qemuCreate(options, "10M");
    fillWithQemu(image);

    byte[] expected;
    try (Qcow2Image ours = Qcow2Image.open(image, Disks.WRITE)) {
      Disks.write(ours, 4096, Disks.random(1, 700_000));
      Disks.write(ours, 9_000_001, Disks.random(2, 999));
      ours.discard(64 << 10, 128 << 10);
      ours.writeZeroes(7 << 20, 700_000, true);
      ours.writeZeroes(1 << 20, 3000, false);
      expected = Disks.readAll(ours);
    }

    Qemu.assertClean(image);
    Path raw = Files.write(folder.resolve("expected.raw"), expected);
    Qemu.assertSame("raw", raw, "qcow2", image);
  }

  @ParameterizedTest
  @ValueSource(strings = {"zlib", "zstd"})
  void readsAndOverwritesCompressedClusters(String type) throws Exception {
    byte[] content = new byte[3 << 20];
    for (int i = 0; i < content.length; i++) {
      content[i] = (byte) (i / 1000 * 7 + i % 13);
    }
    System.arraycopy(Disks.random(3, 1 << 20), 0, content, 1 << 20, 1 << 20);
    Path raw = Files.write(folder.resolve("content.raw"), content);
    Path image = folder.resolve("compressed.qcow2");
    Qemu.ok(
        "qemu-img",
        "convert",
        "-c",
        "-f",
        "raw",
        "-O",
        "qcow2",
        "-o",
        "compression_type=" + type,
        raw.toString(),
        image.toString());

    try (Qcow2Image ours = Qcow2Image.open(image, Disks.WRITE)) {
      assertArrayEquals(content, Disks.readAll(ours));
      Extent extent = new Extent();
      ours.map(0, 1000, extent);
      assertEquals(Extent.Kind.COMPRESSED, extent.kind());
      byte[] patch = Disks.random(4, 200_000);
      Disks.write(ours, 30_000, patch);
      System.arraycopy(patch, 0, content, 30_000, patch.length);
      ours.discard(2 << 20, 128 << 10);
      java.util.Arrays.fill(content, 2 << 20, (2 << 20) + (128 << 10), (byte) 0);
      assertArrayEquals(content, Disks.readAll(ours));
    }

    Qemu.assertClean(image);
    Qemu.assertSame("raw", Files.write(raw, content), "qcow2", image);
  }

  @ParameterizedTest
  @ValueSource(strings = {"raw", "qcow2"})
  void readsAndCopiesFromBackingFile(String format) throws Exception {
    Path base = folder.resolve("base");
    Qemu.ok("qemu-img", "create", "-q", "-f", format, base.toString(), "3000k");
    Qemu.io(format, base, "write -P 0x55 0 3000k", "write -P 0x66 1M 100k");
    Path image = folder.resolve("top.qcow2");
    Qemu.ok(
        "qemu-img",
        "create",
        "-q",
        "-f",
        "qcow2",
        "-b",
        "base",
        "-F",
        format,
        image.toString(),
        "5M");
    Qemu.io("qcow2", image, "write -P 0x77 500k 10k");
    assertReadsAsQemuDoes(image);

    byte[] expected;
    try (Qcow2Image ours = Qcow2Image.open(image, Disks.WRITE)) {
      expected = Disks.readAll(ours);
      byte[] patch = Disks.random(5, 150_000);
      Disks.write(ours, 1_000_000, patch);
      System.arraycopy(patch, 0, expected, 1_000_000, patch.length);
      ours.writeZeroes(2 << 20, 1 << 20, true);
      java.util.Arrays.fill(expected, 2 << 20, 3 << 20, (byte) 0);
      assertArrayEquals(expected, Disks.readAll(ours));
    }

    Qemu.assertClean(image);
    Path raw = Files.write(folder.resolve("expected.raw"), expected);
    Qemu.assertSame("raw", raw, "qcow2", image);
  }

  @Test
  void snapshotsKeepTheirContentWhenTheDiskIsWritten() throws Exception {
    Path image = qemuCreate("cluster_size=4k", "4M");
    Qemu.io("qcow2", image, "write -P 0x11 0 1M", "write -P 0x12 2M 64k");
    Qemu.ok("qemu-img", "snapshot", "-c", "first", image.toString());
    Path before = folder.resolve("before.raw");
    Qemu.ok("qemu-img", "convert", "-l", "first", "-O", "raw", image.toString(), before.toString());

    try (Qcow2Image ours = Qcow2Image.open(image, Disks.WRITE)) {
      Disks.write(ours, 1000, Disks.random(6, 500_000));
      ours.discard(600 << 10, 200 << 10);
      ours.writeZeroes(2 << 20, 10_000, false);
      Disks.write(ours, 3 << 20, Disks.random(7, 5000));
    }

    Qemu.assertClean(image);
    Path after = folder.resolve("after.raw");
    Qemu.ok("qemu-img", "convert", "-l", "first", "-O", "raw", image.toString(), after.toString());
    Qemu.assertSame("raw", before, "raw", after);
  }

  @ParameterizedTest
  @ValueSource(ints = {9, 12, 16, 21})
  void imagesMadeHereAreCleanAndReadEqual(int clusterBits) throws Exception {
    Path image = folder.resolve("ours.qcow2");
    Qcow2Creator.create(image, Qcow2Creator.Spec.of(20 << 20).withClusterBits(clusterBits));
    Qemu.assertClean(image);
    byte[] expected = new byte[20 << 20];
    byte[] patch = Disks.random(8, 4_000_000);
    System.arraycopy(patch, 0, expected, 3_000_000, patch.length);

    try (Qcow2Image ours = Qcow2Image.open(image, Disks.WRITE)) {
      Disks.write(ours, 3_000_000, patch);
    }

    Qemu.assertClean(image);
    Path raw = Files.write(folder.resolve("expected.raw"), expected);
    Qemu.assertSame("raw", raw, "qcow2", image);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6})
  void imagesMadeHereAreCleanWithRefcountOrder(int order) throws Exception {
    Path image = folder.resolve("ours.qcow2");
    Qcow2Creator.create(
        image, Qcow2Creator.Spec.of(8 << 20).withClusterBits(10).withRefcountOrder(order));

    try (Qcow2Image ours = Qcow2Image.open(image, Disks.WRITE)) {
      Disks.write(ours, 100_000, Disks.random(9, 3_000_000));
      ours.discard(1 << 20, 1 << 20);
    }

    Qemu.assertClean(image);
  }

  @Test
  void preallocatedImageMapsEverything() throws Exception {
    Path image = folder.resolve("ours.qcow2");

    Qcow2Creator.create(image, Qcow2Creator.Spec.of(100 << 20).preallocated());

    Qemu.assertClean(image);
    try (Qcow2Image ours = Qcow2Image.open(image, Disks.READ)) {
      Extent extent = new Extent();
      for (long at = 0; at < ours.size(); at += extent.length()) {
        ours.map(at, ours.size() - at, extent);
        assertEquals(Extent.Kind.DATA, extent.kind());
      }
      assertArrayEquals(new byte[1 << 20], Disks.read(ours, 50 << 20, 1 << 20));
    }
  }

  @Test
  void imageOverBackingFileMadeHereIsReadByQemu() throws Exception {
    Files.write(folder.resolve("base.raw"), Disks.random(10, 1 << 20));
    Path image = folder.resolve("ours.qcow2");

    Qcow2Creator.create(image, Qcow2Creator.Spec.of(2 << 20).over("base.raw", DiskFormat.RAW));

    Qemu.assertClean(image);
    assertTrue(Qemu.ok("qemu-img", "info", image.toString()).contains("backing file format: raw"));
    assertReadsAsQemuDoes(image);
  }

  @Test
  void resizedImagesReadAsQemuReadsThem() throws Exception {
    Files.write(folder.resolve("base.raw"), Disks.filled(0x5A, 3 << 20));
    Path image = folder.resolve("ours.qcow2");
    Qcow2Creator.create(
        image, Qcow2Creator.Spec.of(1_000_448).withClusterBits(9).over("base.raw", DiskFormat.RAW));
    byte[] expected = Disks.filled(0x5A, 1_000_448);

    try (Qcow2Image ours = Qcow2Image.open(image, Disks.WRITE)) {
      Disks.write(ours, 990_000, Disks.random(11, 10_000));
      System.arraycopy(Disks.random(11, 10_000), 0, expected, 990_000, 10_000);
      ours.resize(6 << 20);
      expected = java.util.Arrays.copyOf(expected, 6 << 20);
      assertArrayEquals(expected, Disks.readAll(ours));
      Disks.write(ours, 5 << 20, Disks.filled(1, 100_000));
      ours.resize(995_000);
      ours.resize(2 << 20);
      expected = java.util.Arrays.copyOf(java.util.Arrays.copyOf(expected, 995_000), 2 << 20);
      assertArrayEquals(expected, Disks.readAll(ours));
    }

    Qemu.assertClean(image);
    Path raw = Files.write(folder.resolve("expected.raw"), expected);
    Qemu.assertSame("raw", raw, "qcow2", image);
  }

  @Test
  void dirtyImageGetsItsRefcountsBack() throws Exception {
    Path image = qemuCreate("lazy_refcounts=on", "10M");
    // qemu-io's "abort" leaves lazy refcounts behind, as a crash does.
    Qemu.run(
        "qemu-io",
        "-f",
        "qcow2",
        "-c",
        "write -P 0x11 0 1M",
        "-c",
        "flush",
        "-c",
        "abort",
        image.toString());
    assertTrue(isDirty(image), "qemu-io should have left the dirty bit set");

    try (Qcow2Image ours = Qcow2Image.open(image, Disks.WRITE)) {
      assertArrayEquals(Disks.filled(0x11, 1 << 20), Disks.read(ours, 0, 1 << 20));
      Disks.write(ours, 5 << 20, Disks.filled(0x22, 1 << 20));
    }

    Qemu.assertClean(image);
    assertReadsAsQemuDoes(image);
  }

  private static boolean isDirty(Path image) throws IOException {
    return (Files.readAllBytes(image)[79] & 1) != 0;
  }
}
