package org.vivarium.images.qcow2;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vivarium.images.disk.Extent;

/** Several threads on one image, and host ranges that are in use while they are given up. */
class ConcurrencyTest {
  private static final int THREADS = 4;
  private static final int SECTOR = 512;
  private static final int SHARED_SECTORS = 8192;
  private static final int CLUSTER = 4096;
  private static final int OWN_CLUSTERS = 256;
  private static final int STEPS = 4000;

  @TempDir(factory = MemoryTempDir.class)
  Path folder;

  private Path create(long size) throws IOException {
    Path path = folder.resolve("disk.qcow2");
    Qcow2Creator.create(path, Qcow2Creator.Spec.of(size).withClusterBits(12));
    return path;
  }

  /**
   * A thread that owns every fourth sector of a part, so that all share its clusters, and a part of
   * its own where it also discards; in both it must read what it wrote.
   */
  private static final class Worker {
    final int number;
    final Qcow2Image image;
    final Random random;
    final byte[] sectors = new byte[SHARED_SECTORS];
    final byte[] clusters = new byte[OWN_CLUSTERS];
    final ByteBuffer buffer = ByteBuffer.allocateDirect(CLUSTER);
    final Extent extent = new Extent();

    Worker(int number, Qcow2Image image) {
      this.number = number;
      this.image = image;
      this.random = new Random(number);
    }

    Void run() throws IOException {
      for (int step = 0; step < STEPS; step++) {
        int sector = random.nextInt(SHARED_SECTORS / THREADS) * THREADS + number;
        byte value = (byte) (1 + random.nextInt(255));
        switch (random.nextInt(8)) {
          case 0, 1 -> {
            image.write(filled(SECTOR, value), (long) sector * SECTOR);
            sectors[sector] = value;
          }
          case 2 -> check((long) sector * SECTOR, SECTOR, sectors[sector]);
          case 3 -> writeCluster(random.nextInt(OWN_CLUSTERS), value);
          case 4 -> writeClusterDirectly(random.nextInt(OWN_CLUSTERS), value);
          case 5 -> eraseCluster(random.nextInt(OWN_CLUSTERS));
          case 6 -> {
            int cluster = random.nextInt(OWN_CLUSTERS);
            check(own(cluster), CLUSTER, clusters[cluster]);
          }
          default -> {
            if (random.nextInt(20) == 0) {
              image.flush();
            }
          }
        }
      }
      return null;
    }

    private ByteBuffer filled(int length, byte value) {
      buffer.clear().limit(length);
      while (buffer.hasRemaining()) {
        buffer.put(value);
      }
      return buffer.flip();
    }

    private long own(int cluster) {
      return (long) SHARED_SECTORS * SECTOR + ((long) cluster * THREADS + number) * CLUSTER;
    }

    private void writeCluster(int cluster, byte value) throws IOException {
      image.write(filled(CLUSTER, value), own(cluster));
      clusters[cluster] = value;
    }

    private void writeClusterDirectly(int cluster, byte value) throws IOException {
      long token = image.beginAccess();
      try {
        image.mapForWrite(own(cluster), CLUSTER, extent);
        assertEquals(CLUSTER, extent.length());
        image.files().get(0).write(filled(CLUSTER, value), extent.hostOffset());
        clusters[cluster] = value;
      } finally {
        image.endAccess(token);
      }
    }

    private void eraseCluster(int cluster) throws IOException {
      if (random.nextBoolean()) {
        image.discard(own(cluster), CLUSTER);
      } else {
        image.writeZeroes(own(cluster), CLUSTER, random.nextBoolean());
      }
      clusters[cluster] = 0;
    }

    private void check(long offset, int length, byte value) throws IOException {
      buffer.clear().limit(length);
      image.read(buffer, offset);
      for (int i = 0; i < length; i++) {
        if (buffer.get(i) != value) {
          throw new AssertionError(
              "Thread %d read %d instead of %d at %d"
                  .formatted(number, buffer.get(i), value, offset + i));
        }
      }
    }

    void checkAll() throws IOException {
      for (int i = number; i < SHARED_SECTORS; i += THREADS) {
        check((long) i * SECTOR, SECTOR, sectors[i]);
      }
      for (int i = 0; i < OWN_CLUSTERS; i++) {
        check(own(i), CLUSTER, clusters[i]);
      }
    }
  }

  @Test
  void everyThreadReadsWhatItWroteWhileOthersChangeTheMetadata() throws Exception {
    Path path = create((long) SHARED_SECTORS * SECTOR + (long) OWN_CLUSTERS * THREADS * CLUSTER);
    List<Worker> workers = new ArrayList<>();
    try (Qcow2Image image = Qcow2Image.open(path, Disks.SMALL_CACHE);
        ExecutorService threads = Executors.newFixedThreadPool(THREADS)) {
      for (int i = 0; i < THREADS; i++) {
        workers.add(new Worker(i, image));
      }
      List<Future<Void>> ends = new ArrayList<>();
      for (Worker worker : workers) {
        ends.add(threads.submit(worker::run));
      }
      for (Future<Void> end : ends) {
        end.get();
      }
      for (Worker worker : workers) {
        worker.checkAll();
      }
    }

    Qemu.assertClean(path);
  }

  private static Set<Long> hostClusters(Qcow2Image image, int first, int count) throws IOException {
    Set<Long> hosts = new HashSet<>();
    Extent extent = new Extent();
    for (int i = first; i < first + count; i++) {
      image.map((long) i * CLUSTER, CLUSTER, extent);
      hosts.add(extent.hostOffset());
    }
    return hosts;
  }

  @Test
  void aDiscardedClusterIsNotUsedAgainWhileAnAccessHoldsIt() throws IOException {
    try (Qcow2Image image = Qcow2Image.open(create(4 << 20), Disks.WRITE)) {
      Disks.write(image, 0, Disks.filled(1, 16 * CLUSTER));
      image.flush();
      Set<Long> held = hostClusters(image, 0, 16);
      long token = image.beginAccess();

      image.discard(0, 16 * CLUSTER);
      image.flush();
      image.flush();
      Disks.write(image, 1 << 20, Disks.filled(2, 64 * CLUSTER));
      Set<Long> meanwhile = hostClusters(image, 256, 64);
      image.endAccess(token);
      image.flush();
      image.flush();
      Disks.write(image, 384 * CLUSTER, Disks.filled(3, 64 * CLUSTER));
      Set<Long> after = hostClusters(image, 384, 64);

      assertTrue(java.util.Collections.disjoint(held, meanwhile), "Used while held");
      assertTrue(after.containsAll(held), "Not used again afterwards");
    }
  }

  @Test
  void aDiscardedClusterIsNotUsedAgainBeforeAFlush() throws IOException {
    try (Qcow2Image image = Qcow2Image.open(create(4 << 20), Disks.WRITE)) {
      Disks.write(image, 0, Disks.filled(1, CLUSTER));
      image.flush();
      Set<Long> given = hostClusters(image, 0, 1);

      image.discard(0, CLUSTER);
      Disks.write(image, 1 << 20, Disks.filled(2, CLUSTER));

      assertNotEquals(given, hostClusters(image, 256, 1));
      assertArrayEquals(new byte[CLUSTER], Disks.read(image, 0, CLUSTER));
    }
  }

  @Test
  void discardedSpaceIsUsedAgainSoTheFileDoesNotGrow() throws IOException {
    try (Qcow2Image image = Qcow2Image.open(create(4 << 20), Disks.WRITE)) {
      long size = 0;
      for (int round = 0; round < 10; round++) {
        Disks.write(image, 0, Disks.filled(round, 1 << 20));
        image.flush();
        image.discard(0, 1 << 20);
        image.flush();
        size = round == 1 ? image.files().get(0).size() : size;
      }

      assertEquals(size, image.files().get(0).size());
    }
  }

  @Test
  void epochsEndOnlyWithTheirAccesses() {
    InFlight inFlight = new InFlight();
    long first = inFlight.enter();
    assertTrue(inFlight.drained());
    inFlight.advance();
    long second = inFlight.enter();
    boolean whileFirst = inFlight.drained();
    inFlight.exit(first);
    boolean afterFirst = inFlight.drained();
    inFlight.advance();
    boolean whileSecond = inFlight.drained();
    inFlight.exit(second);

    assertEquals(
        List.of(false, true, false, true),
        Arrays.asList(whileFirst, afterFirst, whileSecond, inFlight.drained()));
  }
}
