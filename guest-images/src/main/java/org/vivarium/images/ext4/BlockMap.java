package org.vivarium.images.ext4;

import java.io.IOException;
import java.nio.ByteBuffer;

/** Finds where a file's blocks lie: by extents, or by ext2's block pointers. */
final class BlockMap {
  /**
   * Blocks that follow each other.
   *
   * @param block the first one's number on the volume; 0 for a hole
   * @param count how many blocks, at least 1
   */
  record Run(long block, long count) {}

  private static final int MAGIC = 0xF30A;
  private static final int ENTRY = 12;
  private static final int MAX_DEPTH = 5;

  /** A longer length marks blocks that were reserved but not written: they read as zeros. */
  private static final int WRITTEN = 32768;

  private static final int DIRECT = 12;
  private static final int LEVELS = 3;

  private final Source volume;
  private final SuperBlock superBlock;

  BlockMap(Source volume, SuperBlock superBlock) {
    this.volume = volume;
    this.superBlock = superBlock;
  }

  /** Finds the run that begins at a block of a file. */
  Run find(Inode inode, long index) throws IOException {
    Run run = inode.hasExtents() ? byExtents(inode, index) : byPointers(inode, index);
    if (run.block() < 0 || run.block() > superBlock.blocks() - run.count()) {
      throw SuperBlock.damaged(
          volume.name(), "inode %d leads to block %d".formatted(inode.number(), run.block()));
    }
    return run;
  }

  private Run byExtents(Inode inode, long index) throws IOException {
    ByteBuffer node = inode.block();
    int expected = -1;
    while (true) {
      int entries = node.getShort(2) & 0xFFFF;
      int depth = node.getShort(6) & 0xFFFF;
      if ((node.getShort(0) & 0xFFFF) != MAGIC
          || (entries + 1) * ENTRY > node.limit()
          || depth > MAX_DEPTH
          || (expected >= 0 && depth != expected)) {
        throw SuperBlock.damaged(
            volume.name(), "the extents of inode %d are wrong".formatted(inode.number()));
      }
      if (depth == 0) {
        return leaf(node, entries, index);
      }
      int at = lastUpTo(node, entries, index);
      if (at == 0) {
        return new Run(0, 1);
      }
      long child =
          Integer.toUnsignedLong(node.getInt(at + 4))
              | (long) (node.getShort(at + 8) & 0xFFFF) << 32;
      node = block(child);
      expected = depth - 1;
    }
  }

  /** Returns the place of the last entry that begins at or before a block; 0 if there is none. */
  private static int lastUpTo(ByteBuffer node, int entries, long index) {
    int found = 0;
    for (int i = 1; i <= entries; i++) {
      if (Integer.toUnsignedLong(node.getInt(i * ENTRY)) <= index) {
        found = i * ENTRY;
      }
    }
    return found;
  }

  private static Run leaf(ByteBuffer node, int entries, long index) {
    int at = lastUpTo(node, entries, index);
    if (at == 0) {
      return new Run(0, 1);
    }
    long first = Integer.toUnsignedLong(node.getInt(at));
    int stated = node.getShort(at + 4) & 0xFFFF;
    boolean written = stated <= WRITTEN;
    long length = written ? stated : stated - WRITTEN;
    long left = first + length - index;
    if (left <= 0) {
      return new Run(0, 1);
    }
    long start =
        Integer.toUnsignedLong(node.getInt(at + 8)) | (long) (node.getShort(at + 6) & 0xFFFF) << 32;
    return new Run(written ? start + (index - first) : 0, left);
  }

  private Run byPointers(Inode inode, long index) throws IOException {
    if (index < DIRECT) {
      return new Run(Integer.toUnsignedLong(inode.block().getInt((int) index * 4)), 1);
    }
    long pointers = superBlock.blockSize() / 4;
    long rest = index - DIRECT;
    long reach = pointers;
    for (int level = 1; level <= LEVELS; level++) {
      if (rest < reach) {
        long block = Integer.toUnsignedLong(inode.block().getInt((DIRECT + level - 1) * 4));
        for (long span = reach / pointers; block != 0 && span > 0; span /= pointers) {
          int slot = (int) (rest / span % pointers);
          block = Integer.toUnsignedLong(block(block).getInt(slot * 4));
        }
        return new Run(block, 1);
      }
      rest -= reach;
      reach *= pointers;
    }
    throw SuperBlock.damaged(volume.name(), "inode %d is too large".formatted(inode.number()));
  }

  private ByteBuffer block(long number) throws IOException {
    if (number < 0 || number >= superBlock.blocks()) {
      throw SuperBlock.damaged(volume.name(), "it leads to block %d".formatted(number));
    }
    return volume.read(number * superBlock.blockSize(), superBlock.blockSize());
  }
}
