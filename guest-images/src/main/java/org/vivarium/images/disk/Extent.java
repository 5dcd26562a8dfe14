package org.vivarium.images.disk;

/**
 * Where a range of a disk lies on the host: the answer of {@link DiskImage#map}.
 *
 * <p>Mutable, so that a data path reuses one object for all its requests. Not thread-safe.
 */
public final class Extent {
  /** What the range is. */
  public enum Kind {
    /** Bytes that lie as they are at {@link #hostOffset()} of the file {@link #file()}. */
    DATA,
    /** Reads as zeros. */
    ZERO,
    /** Nothing is stored in this image or below it; reads as zeros. */
    UNALLOCATED,
    /** Stored compressed: only {@link DiskImage#read} can deliver it. */
    COMPRESSED
  }

  private Kind kind = Kind.UNALLOCATED;
  private int file;
  private long hostOffset;
  private long length;
  private boolean writable;

  /** Creates an extent of length 0, to be filled by {@link DiskImage#map}. */
  public Extent() {}

  /** What the range is. */
  public Kind kind() {
    return kind;
  }

  /** Index into {@link DiskImage#files()}: 0 is the image itself, higher ones are below it. */
  public int file() {
    return file;
  }

  /** Byte offset in that file; meaningful for {@link Kind#DATA} only. */
  public long hostOffset() {
    return hostOffset;
  }

  /** Length in bytes, from the offset that was asked for; at least 1. */
  public long length() {
    return length;
  }

  /** Whether the guest's bytes may be written to the file at this place as they are, now. */
  public boolean isWritable() {
    return writable;
  }

  /** Sets a range that is stored as it is. For implementations of {@link DiskImage}. */
  public void setData(int file, long hostOffset, long length, boolean writable) {
    this.kind = Kind.DATA;
    this.file = file;
    this.hostOffset = hostOffset;
    this.length = length;
    this.writable = writable;
  }

  /** Sets a range that is not stored as it is. For implementations of {@link DiskImage}. */
  public void setOther(Kind kind, long length) {
    this.kind = kind;
    this.file = 0;
    this.hostOffset = 0;
    this.length = length;
    this.writable = false;
  }

  /** Moves the file index by {@code layers}: the extent came from an image that far below. */
  public void shiftFile(int layers) {
    file += layers;
    writable = false;
  }

  @Override
  public String toString() {
    return kind + " file=" + file + " host=0x" + Long.toHexString(hostOffset) + " length=" + length;
  }
}
