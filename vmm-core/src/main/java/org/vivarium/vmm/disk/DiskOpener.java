package org.vivarium.vmm.disk;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.vivarium.images.disk.BackingPolicy;
import org.vivarium.images.disk.DiskImage;
import org.vivarium.images.disk.DiskImageException;
import org.vivarium.images.disk.DiskOptions;
import org.vivarium.images.disk.FileLocker;
import org.vivarium.images.qcow2.DiskImages;
import org.vivarium.vmm.Folders;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.config.DiskConfig;
import org.vivarium.vmm.config.DiskFormat;

/** Opens the disks that a machine's configuration names. */
public final class DiskOpener {
  private static final byte[] QCOW2_MAGIC = {'Q', 'F', 'I', (byte) 0xFB};
  private static final String QCOW2_SUFFIX = ".qcow2";

  private final Path home;

  private DiskOpener(Path home) {
    this.home = home;
  }

  /** Opens disks whose backing files, if any, lie in the user's own folders. */
  public static DiskOpener standard() {
    return new DiskOpener(Folders.standard().home());
  }

  /** How machines lock their disks: for whoever keeps machines from them for a moment. */
  public static FileLocker locker() {
    return new OfdFileLocker();
  }

  /**
   * Opens and locks a disk.
   *
   * @throws InvalidConfigException naming the file, if it cannot be what the configuration says
   * @throws VmmException if the host fails
   */
  public DiskImage open(DiskConfig disk) throws VmmException {
    return open(disk, disk.readOnly());
  }

  /**
   * Checks a disk that another program is to open: its file, its format, what it stands on, and
   * that nobody writes to it.
   *
   * @throws VmmException as {@link #open}
   */
  public void check(DiskConfig disk) throws VmmException {
    try (DiskImage _ = open(disk, true)) {
      if (!disk.readOnly() && !Files.isWritable(disk.file())) {
        throw new InvalidConfigException(
            "Disk %s may not be written by you; change its mode or attach it read-only."
                .formatted(disk.file()));
      }
    } catch (IOException e) {
      throw new VmmException("Disk %s cannot be closed: %s".formatted(disk.file(), say(e)), e);
    }
  }

  private DiskImage open(DiskConfig disk, boolean readOnly) throws VmmException {
    try {
      return DiskImages.open(
          disk.file(),
          formatOf(disk) == DiskFormat.QCOW2
              ? org.vivarium.images.disk.DiskFormat.QCOW2
              : org.vivarium.images.disk.DiskFormat.RAW,
          DiskOptions.readWrite()
              .withReadOnly(readOnly)
              .withBacking(this::backing)
              .withLocker(locker())
              .withPuncher(new FallocatePuncher()));
    } catch (DiskImageException e) {
      throw new InvalidConfigException(say(e), e);
    } catch (IOException e) {
      throw new VmmException("Disk %s cannot be opened: %s".formatted(disk.file(), say(e)), e);
    }
  }

  /**
   * The format that the configuration names, or else what the file's name and first bytes agree on.
   * They must agree: a guest can write any first bytes into a raw disk, and would otherwise have it
   * opened as something else the next time.
   *
   * @throws InvalidConfigException if the file is not there, or its format has to be named
   */
  public static DiskFormat formatOf(DiskConfig disk) throws VmmException {
    DiskFormat named = disk.format();
    Path file = disk.file();
    requireFile(file);
    if (named != null) {
      return named;
    }
    boolean qcow2Bytes = startsAsQcow2(file);
    boolean qcow2Name =
        String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT).endsWith(QCOW2_SUFFIX);
    if (qcow2Bytes != qcow2Name) {
      throw new InvalidConfigException(
          (qcow2Bytes
                  ? "Disk %s starts like a qcow2 image but has another name"
                  : "Disk %s has a qcow2 image's name but does not start like one")
              .formatted(file)
              .concat("; name its format, raw or qcow2."));
    }
    return qcow2Bytes ? DiskFormat.QCOW2 : DiskFormat.RAW;
  }

  private static void requireFile(Path file) throws InvalidConfigException {
    if (!Files.exists(file)) {
      throw new InvalidConfigException("Disk %s does not exist; create it first.".formatted(file));
    }
    if (Files.isDirectory(file)) {
      throw new InvalidConfigException(
          "Disk %s is a folder; name an image file or a block device.".formatted(file));
    }
  }

  private static boolean startsAsQcow2(Path file) throws VmmException {
    if (!Files.isRegularFile(file)) {
      // A block device: its bytes are the disk's. Anything else is refused when it is opened.
      return false;
    }
    try (InputStream in = Files.newInputStream(file)) {
      return Arrays.equals(in.readNBytes(QCOW2_MAGIC.length), QCOW2_MAGIC);
    } catch (IOException e) {
      throw new InvalidConfigException("Disk %s cannot be read by you.".formatted(file), e);
    }
  }

  /** An image may stand on the user's own images and disks, and on nothing else of the host. */
  private BackingPolicy.BackingFile backing(Path image, String name, @Nullable String format)
      throws IOException {
    Path named = image.toAbsolutePath().resolveSibling(name);
    if (format != null
        && Files.isRegularFile(named)
        && Files.exists(home)
        && named.toRealPath().startsWith(home.toRealPath())) {
      return new BackingPolicy.BackingFile(
          named.toRealPath(), org.vivarium.images.disk.DiskFormat.of(format));
    }
    return BackingPolicy.none().resolve(image, name, format);
  }

  private static String say(IOException e) {
    String message = e.getMessage();
    return message == null ? e.getClass().getSimpleName() + "." : message;
  }
}
