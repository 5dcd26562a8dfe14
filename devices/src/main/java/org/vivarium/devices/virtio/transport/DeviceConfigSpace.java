package org.vivarium.devices.virtio.transport;

/**
 * A device's configuration space: bytes that the driver reads, and in some devices writes (VIRTIO
 * 1.2, 2.5).
 *
 * <p>Holds an immutable image that is replaced as a whole, so that a driver that compares the
 * generation around its reads never mixes two of them. Any thread.
 */
public final class DeviceConfigSpace {
  /** What a device does with a driver's write. */
  @FunctionalInterface
  public interface WriteHandler {
    /**
     * The driver wrote a little-endian value inside the space.
     *
     * @param offset bytes from the start of the space
     * @param size 1, 2 or 4 bytes
     */
    void write(int offset, int size, long value);
  }

  private record Image(byte[] bytes, int generation) {}

  private final int length;
  private final WriteHandler writeHandler;
  private volatile Image image;

  /**
   * @param bytes the first content, which fixes the length
   * @param writeHandler called for each write
   */
  public DeviceConfigSpace(byte[] bytes, WriteHandler writeHandler) {
    this.length = bytes.length;
    this.writeHandler = writeHandler;
    this.image = new Image(bytes.clone(), 0);
  }

  /** A space that the driver only reads. */
  public DeviceConfigSpace(byte[] bytes) {
    this(bytes, (offset, size, value) -> {});
  }

  /** Bytes. */
  public int length() {
    return length;
  }

  /** Counts the images, mod 2^8 as the driver sees it. */
  public int generation() {
    return image.generation & 0xFF;
  }

  /** Replaces the content and moves the generation on. The caller notifies the driver. */
  public synchronized void update(byte[] bytes) {
    if (bytes.length != length) {
      throw new IllegalArgumentException("A configuration space does not change its length");
    }
    image = new Image(bytes.clone(), image.generation + 1);
  }

  /** Reads {@code size} bytes, little-endian; 0 past the end. */
  public long read(long offset, int size) {
    byte[] bytes = image.bytes;
    long value = 0;
    for (int i = 0; i < size && offset + i < length; i++) {
      value |= (bytes[(int) offset + i] & 0xFFL) << (8 * i);
    }
    return value;
  }

  /** Hands a write to the device if it lies inside the space and is 1, 2 or 4 bytes. */
  public void write(long offset, int size, long value) {
    if (size <= 4 && offset >= 0 && offset <= length - size) {
      writeHandler.write((int) offset, size, value);
    }
  }
}
