package org.vivarium.devices.virtio.balloon;

import java.util.Arrays;
import org.vivarium.devices.virtio.queue.ChainReader;

/**
 * How the guest uses its memory, in the guest's own words (VIRTIO 1.2, 5.5.6.4): not to be relied
 * on. A value that the guest does not tell is -1.
 *
 * @param swappedIn bytes that were read from swap
 * @param swappedOut bytes that were written to swap
 * @param majorFaults page faults that needed a disk
 * @param minorFaults page faults that did not
 * @param free bytes that nothing uses
 * @param total bytes that the guest's kernel manages
 * @param available bytes that a program could get without swapping
 * @param caches bytes of file contents that could be read again
 */
public record BalloonStatistics(
    long swappedIn,
    long swappedOut,
    long majorFaults,
    long minorFaults,
    long free,
    long total,
    long available,
    long caches) {
  private static final int TAGS = 8;

  /** Most entries that are looked at. */
  private static final int MAX_ENTRIES = 64;

  /** Reads what the driver wrote: entries with unknown tags, or cut short, count for nothing. */
  static BalloonStatistics parse(ChainReader reader) {
    long[] values = new long[TAGS];
    Arrays.fill(values, -1);
    for (int i = 0; i < MAX_ENTRIES && reader.remaining() >= BalloonLayout.STATISTIC_BYTES; i++) {
      int tag = reader.readU16();
      long value = reader.readU64();
      if (tag < TAGS && value >= 0) {
        values[tag] = value;
      }
    }
    return new BalloonStatistics(
        values[0], values[1], values[2], values[3], values[4], values[5], values[6], values[7]);
  }
}
