package org.vivarium.vmm.config;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.vivarium.vmm.InvalidConfigException;

/**
 * A virtio-blk disk.
 *
 * @param id what commands call it, unique in its machine
 * @param file the image, or a block device
 * @param format how the image stores its bytes; null: told from its first bytes where that is safe
 * @param readOnly whether the guest may only read it
 * @param serial what the guest reads as its serial number, at most 20 ASCII characters; may be
 *     empty
 * @param limit how much it may do in a second
 * @param whenFull what becomes of a write that finds no room on the host
 */
public record DiskConfig(
    String id,
    Path file,
    @Nullable DiskFormat format,
    boolean readOnly,
    String serial,
    RateLimit limit,
    WhenFull whenFull) {
  /** Most characters of a serial number (VIRTIO 1.2, 5.2.6.1). */
  public static final int MAX_SERIAL = 20;

  /** A disk whose machine pauses when the host has no room. */
  public DiskConfig(
      String id,
      Path file,
      @Nullable DiskFormat format,
      boolean readOnly,
      String serial,
      RateLimit limit) {
    this(id, file, format, readOnly, serial, limit, WhenFull.PAUSE);
  }

  /** A disk that can be written, without a serial number and without a limit. */
  public static DiskConfig of(String id, Path file, @Nullable DiskFormat format)
      throws InvalidConfigException {
    DiskConfig disk = new DiskConfig(id, file, format, false, "", RateLimit.NONE);
    disk.check();
    return disk;
  }

  /** A copy with another limit. */
  public DiskConfig withLimit(RateLimit other) {
    return new DiskConfig(id, file, format, readOnly, serial, other, whenFull);
  }

  /** A copy whose image is another file. */
  public DiskConfig withFile(Path other) {
    return new DiskConfig(id, other, format, readOnly, serial, limit, whenFull);
  }

  /** A copy whose image is another file, of that format. */
  public DiskConfig withFile(Path other, DiskFormat itsFormat) {
    return new DiskConfig(id, other, itsFormat, readOnly, serial, limit, whenFull);
  }

  /**
   * Checks the fields; does not look at the file.
   *
   * @throws InvalidConfigException naming the field, what was found and what is allowed
   */
  public void check() throws InvalidConfigException {
    DeviceSet.checkId("Disk", id);
    if (file.toString().isEmpty()) {
      throw new InvalidConfigException("Disk %s: it names no file.".formatted(id));
    }
    if (serial.length() > MAX_SERIAL || !serial.chars().allMatch(c -> c >= ' ' && c <= '~')) {
      throw new InvalidConfigException(
          "Disk %s: the serial number \"%s\" is not up to %d printable ASCII characters."
              .formatted(id, serial, MAX_SERIAL));
    }
    limit.check();
  }
}
