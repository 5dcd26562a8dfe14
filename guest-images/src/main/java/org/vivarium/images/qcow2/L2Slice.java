package org.vivarium.images.qcow2;

import java.util.BitSet;
import java.util.concurrent.atomic.AtomicLongArray;
import org.jspecify.annotations.Nullable;
import org.vivarium.images.disk.DiskImageException;

/**
 * A part of an L2 table in memory: up to 512 entries of one or two words. Read without a lock,
 * changed under the metadata lock.
 */
final class L2Slice {
  /** Number of the slice, counted over the whole disk. */
  final long index;

  /**
   * Whether it was used since the cache last looked for a victim; a hint, so races are harmless.
   */
  volatile boolean referenced = true;

  /** Whether it differs from the file; under the lock. */
  boolean dirty;

  private final AtomicLongArray words;
  private final int wordShift;
  private final @Nullable BitSet bad;

  L2Slice(long index, long[] words, int wordsPerEntry, @Nullable BitSet bad) {
    this.index = index;
    this.words = new AtomicLongArray(words);
    this.wordShift = wordsPerEntry - 1;
    this.bad = bad;
  }

  /** The entry's first word. */
  long get(int entry) {
    return words.getAcquire(entry << wordShift);
  }

  /** The subcluster bitmap of an extended entry. */
  long bitmap(int entry) {
    return words.getAcquire((entry << wordShift) + 1);
  }

  /** Changes an entry in memory. Under the lock. */
  void set(int entry, long value) {
    words.setRelease(entry << wordShift, value);
  }

  /** Number of words. */
  int wordCount() {
    return words.length();
  }

  /** The word at that index, for writing back. */
  long word(int i) {
    return words.getPlain(i);
  }

  /** Whether the entry is one that must not be followed. */
  boolean isBad(int entry) {
    return bad != null && bad.get(entry);
  }

  /** Fails if the entry must not be followed. */
  void checkGood(int entry, FieldCheck check) throws DiskImageException {
    if (isBad(entry)) {
      throw check.error(
          "has a corrupt L2 entry 0x%x in slice %d; check it with qemu-img check"
              .formatted(get(entry), index));
    }
  }
}
