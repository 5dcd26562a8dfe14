package org.vivarium.images.qcow2;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Kills a process that writes to an image at random moments, again and again: QEMU must find the
 * image consistent but for leaks, every flushed block must be there, and every block must hold what
 * was once written to it. {@code -Dvivarium.kills=100} kills more often.
 */
class KillTest {
  private static final int KILLS = Integer.getInteger("vivarium.kills", 20);
  private static final int SIZE = 64 << 20;

  @TempDir(factory = MemoryTempDir.class)
  Path folder;

  @Test
  void aKilledProcessLosesNothingFlushedAndCorruptsNothing() throws Exception {
    Path image = folder.resolve("killed.qcow2");
    Random random = new Random(1);
    Qcow2Creator.create(image, Qcow2Creator.Spec.of(SIZE).withClusterBits(12));
    int[] durable = new int[SIZE / KilledWriter.BLOCK];
    int generation = 1;
    int written = 0;

    for (int kill = 0; kill < KILLS; kill++) {
      Path journal = folder.resolve("journal-" + kill);
      runAndKill(image, journal, kill, generation, 20 + random.nextInt(400));
      Qemu.assertConsistent(image);
      ByteBuffer entries = ByteBuffer.wrap(Files.readAllBytes(journal));
      written += entries.remaining() / KilledWriter.ENTRY;
      generation = verify(image, entries, durable, generation);
      Files.delete(journal);
    }

    assertTrue(written > KILLS * 100, "Too little was written to mean much: " + written);
  }

  private static void runAndKill(Path image, Path journal, int seed, int generation, int millis)
      throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                KilledWriter.class.getName(),
                image.toString(),
                journal.toString(),
                Integer.toString(seed),
                Integer.toString(generation))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (BufferedReader out =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.US_ASCII))) {
      assertEquals("ready", out.readLine());
      // The moment of the kill is the random input of this test; nothing depends on its length.
      assertTrue(!process.waitFor(millis, TimeUnit.MILLISECONDS), "The writer ended by itself");
    } finally {
      process.destroyForcibly().waitFor();
    }
  }

  /** Compares each block with the journal; returns a generation greater than any used. */
  private static int verify(Path path, ByteBuffer journal, int[] durable, int first)
      throws IOException {
    int[] flushed = durable.clone();
    Map<Integer, Set<Integer>> begun = new HashMap<>();
    int next = first;
    while (journal.remaining() >= KilledWriter.ENTRY) {
      int kind = journal.getInt();
      int block = journal.getInt();
      int generation = journal.getInt();
      next = Math.max(next, Math.abs(generation) + 1);
      if (kind == KilledWriter.FLUSHED) {
        flushed[block] =
            Math.abs(generation) > Math.abs(flushed[block]) ? generation : flushed[block];
      } else {
        begun.computeIfAbsent(block, _ -> new HashSet<>()).add(generation);
      }
    }
    try (Qcow2Image image = Qcow2Image.open(path, Disks.READ)) {
      ByteBuffer expected = ByteBuffer.allocate(KilledWriter.BLOCK);
      for (int block = 0; block < durable.length; block++) {
        ByteBuffer actual =
            ByteBuffer.wrap(
                Disks.read(image, (long) block * KilledWriter.BLOCK, KilledWriter.BLOCK));
        int generation = actual.getInt(4);
        String where = "block " + block + " generation " + generation;
        if (generation == 0) {
          assertEquals(-1, actual.mismatch(ByteBuffer.allocate(KilledWriter.BLOCK)), where);
          durable[block] =
              zeroGeneration(flushed[block], begun.getOrDefault(block, Set.of()), where);
          continue;
        }
        assertEquals(-1, actual.mismatch(KilledWriter.fill(expected, block, generation)), where);
        boolean isFlushed = generation == flushed[block];
        boolean isLater =
            generation > Math.abs(flushed[block])
                && begun.getOrDefault(block, Set.of()).contains(generation);
        assertTrue(isFlushed || isLater, where + " after flushed " + flushed[block]);
        durable[block] = generation;
      }
    }
    return next;
  }

  /** The generation of a block of zeros: never written, or made zero at or after the flush. */
  private static int zeroGeneration(int flushed, Set<Integer> begun, String where) {
    int latest = Math.min(flushed, 0);
    for (int generation : begun) {
      if (generation < 0 && -generation > Math.abs(flushed)) {
        latest = Math.min(latest, generation);
      }
    }
    assertTrue(latest < 0 || flushed == 0, where + " after flushed " + flushed);
    return latest;
  }
}
