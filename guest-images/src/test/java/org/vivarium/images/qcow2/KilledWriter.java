package org.vivarium.images.qcow2;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Random;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * The program that {@link KillTest} kills: several threads write random blocks, discard and flush
 * an image without end, and a journal file tells what was begun and what was flushed.
 *
 * <p>Each 4 KiB block is written with its own number and a generation that only grows. Before a
 * write the journal says that the generation may be on the disk; after a flush it says up to which
 * one each block must be. A discard counts as a write of generation 0 with the next stamp.
 */
final class KilledWriter {
  static final int BLOCK = 4096;
  static final int THREADS = 2;

  /** Journal entry: block, generation (negative: discarded), kind. */
  static final int ENTRY = 12;

  static final int BEGUN = 1;
  static final int FLUSHED = 2;

  private final Qcow2Image image;
  private final FileChannel journal;
  private final int blocks;
  private final int[] done;
  private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();

  private KilledWriter(Qcow2Image image, FileChannel journal) {
    this.image = image;
    this.journal = journal;
    this.blocks = (int) (image.size() / BLOCK);
    this.done = new int[blocks];
  }

  /** Arguments: image, journal, seed, first generation. Ends only by being killed. */
  public static void main(String[] args) throws IOException {
    Qcow2Image image = Qcow2Image.open(Path.of(args[0]), Disks.SMALL_CACHE);
    FileChannel journal =
        FileChannel.open(
            Path.of(args[1]),
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE,
            StandardOpenOption.APPEND);
    KilledWriter writer = new KilledWriter(image, journal);
    int first = Integer.parseInt(args[3]);
    System.out.println("ready");
    for (int i = 0; i < THREADS; i++) {
      int part = i;
      Random random = new Random(Long.parseLong(args[2]) * THREADS + i);
      new Thread(() -> writer.run(part, first, random)).start();
    }
  }

  private void run(int part, int first, Random random) {
    try {
      ByteBuffer data = ByteBuffer.allocateDirect(BLOCK);
      for (int generation = first; ; generation++) {
        int block = random.nextInt(blocks / THREADS) * THREADS + part;
        int dice = random.nextInt(40);
        if (dice == 0) {
          flush();
        } else {
          change(block, dice < 4 ? -generation : generation, data);
        }
      }
    } catch (IOException e) {
      System.err.println(e);
      Runtime.getRuntime().halt(1);
    }
  }

  private void change(int block, int generation, ByteBuffer data) throws IOException {
    lock.readLock().lock();
    try {
      append(BEGUN, block, generation);
      if (generation < 0) {
        image.writeZeroes((long) block * BLOCK, BLOCK, true);
      } else {
        image.write(fill(data, block, generation), (long) block * BLOCK);
      }
      done[block] = generation;
    } finally {
      lock.readLock().unlock();
    }
  }

  static ByteBuffer fill(ByteBuffer data, int block, int generation) {
    data.clear();
    while (data.hasRemaining()) {
      data.putInt(block).putInt(generation);
    }
    return data.flip();
  }

  private void flush() throws IOException {
    lock.writeLock().lock();
    int[] state;
    try {
      state = done.clone();
    } finally {
      lock.writeLock().unlock();
    }
    image.flush();
    ByteBuffer all = ByteBuffer.allocate(ENTRY * blocks);
    for (int i = 0; i < blocks; i++) {
      if (state[i] != 0) {
        all.putInt(FLUSHED).putInt(i).putInt(state[i]);
      }
    }
    journal.write(all.flip());
  }

  private void append(int kind, int block, int generation) throws IOException {
    journal.write(ByteBuffer.allocate(ENTRY).putInt(kind).putInt(block).putInt(generation).flip());
  }
}
