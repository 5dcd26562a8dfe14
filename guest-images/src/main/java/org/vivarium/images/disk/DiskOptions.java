package org.vivarium.images.disk;

/**
 * How a disk is opened.
 *
 * @param readOnly whether every change is refused
 * @param backing which files below the image may be opened
 * @param locker the way to lock files
 * @param puncher the way to give space back to the host
 * @param cacheBytes most memory that an image's mapping cache takes, in bytes, 64 KiB to 1 GiB
 */
public record DiskOptions(
    boolean readOnly,
    BackingPolicy backing,
    FileLocker locker,
    HolePuncher puncher,
    int cacheBytes) {
  private static final int DEFAULT_CACHE = 32 << 20;

  /** Checks the ranges. */
  public DiskOptions {
    if (cacheBytes < 64 << 10 || cacheBytes > 1 << 30) {
      throw new IllegalArgumentException(
          "Mapping cache of " + cacheBytes + " bytes is not within 64 KiB to 1 GiB.");
    }
  }

  /** For reading and writing, with nothing below the image, POSIX locks and no hole puncher. */
  public static DiskOptions readWrite() {
    return new DiskOptions(
        false, BackingPolicy.none(), PosixFileLocker.shared(), HolePuncher.NONE, DEFAULT_CACHE);
  }

  /** As {@link #readWrite()}, for reading only. */
  public static DiskOptions readOnlyAccess() {
    return readWrite().withReadOnly(true);
  }

  /** The same with another access. */
  public DiskOptions withReadOnly(boolean value) {
    return new DiskOptions(value, backing, locker, puncher, cacheBytes);
  }

  /** The same with another rule for backing files. */
  public DiskOptions withBacking(BackingPolicy value) {
    return new DiskOptions(readOnly, value, locker, puncher, cacheBytes);
  }

  /** The same with another way to lock. */
  public DiskOptions withLocker(FileLocker value) {
    return new DiskOptions(readOnly, backing, value, puncher, cacheBytes);
  }

  /** The same with another way to make holes. */
  public DiskOptions withPuncher(HolePuncher value) {
    return new DiskOptions(readOnly, backing, locker, value, cacheBytes);
  }

  /** The same with another bound of the mapping cache, in bytes. */
  public DiskOptions withCacheBytes(int value) {
    return new DiskOptions(readOnly, backing, locker, puncher, value);
  }
}
