package org.vivarium.images.disk;

/** Checks of byte ranges, safe against overflow. */
public final class Ranges {
  private Ranges() {}

  /**
   * Checks that a range lies in a disk.
   *
   * @throws DiskImageException where an argument is negative or the range ends beyond {@code size}
   */
  public static void check(Object image, long offset, long length, long size)
      throws DiskImageException {
    if (offset < 0 || length < 0 || offset > size || length > size - offset) {
      throw new DiskImageException(
          "Range of "
              + length
              + " bytes at offset "
              + offset
              + " lies beyond the disk "
              + image
              + " of "
              + size
              + " bytes.");
    }
  }

  /** The sum of the buffers' remaining bytes. */
  public static long remaining(java.nio.ByteBuffer[] buffers, int first, int count) {
    long sum = 0;
    for (int i = first; i < first + count; i++) {
      sum += buffers[i].remaining();
    }
    return sum;
  }
}
