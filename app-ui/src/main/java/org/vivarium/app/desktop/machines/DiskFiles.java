package org.vivarium.app.desktop.machines;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vivarium.images.disk.DiskFormat;
import org.vivarium.images.disk.DiskImage;
import org.vivarium.images.disk.DiskOptions;
import org.vivarium.images.disk.DiskUsage;
import org.vivarium.images.disk.FileLocker;
import org.vivarium.images.library.AllocationMap;
import org.vivarium.images.library.HomeBacking;
import org.vivarium.images.qcow2.DiskImages;
import org.vivarium.images.qcow2.Qcow2Creator;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.config.DiskConfig;

/** The image files behind machines' disks. Blocks; any thread but JavaFX's. */
public final class DiskFiles {
  private static final Logger LOG = LoggerFactory.getLogger(DiskFiles.class);
  private static final int PIECES = 240;

  private DiskFiles() {}

  /**
   * An image file.
   *
   * @param size bytes of the disk; negative if it cannot be told
   * @param allocated bytes that the file takes on this computer; negative if there is none
   */
  public record Facts(long size, long allocated) {}

  /**
   * What is known of a disk's file.
   *
   * @param home the home folder, whose bases may lie below it
   */
  public static Facts facts(Path home, Path machineFolder, DiskConfig disk) throws IOException {
    Path file = machineFolder.resolve(disk.file());
    return new Facts(size(home, file, disk.format()), allocated(file));
  }

  /**
   * Which parts of a disk are stored. While a machine writes to it, that may be a moment old.
   *
   * @param home the home folder, whose bases may lie below it
   * @return empty for a raw disk, which does not tell, and for one that cannot be read
   */
  public static Optional<AllocationMap> map(Path home, Path machineFolder, DiskConfig disk) {
    Path file = machineFolder.resolve(disk.file());
    if (disk.format() == org.vivarium.vmm.config.DiskFormat.RAW || !Files.exists(file)) {
      return Optional.empty();
    }
    try (DiskImage image = DiskImages.open(file, DiskFormat.QCOW2, lookingAt(home))) {
      return Optional.of(AllocationMap.of(image, PIECES));
    } catch (IOException e) {
      LOG.debug("{} does not show its map", file, e);
      return Optional.empty();
    }
  }

  private static DiskOptions lookingAt(Path home) {
    return DiskOptions.readOnlyAccess()
        .withLocker(FileLocker.none())
        .withBacking(HomeBacking.of(home));
  }

  private static long allocated(Path file) throws IOException {
    return Files.exists(file) ? DiskUsage.of(file) : -1;
  }

  private static long size(
      Path home, Path file, org.vivarium.vmm.config.@Nullable DiskFormat format) {
    boolean qcow2 = format == org.vivarium.vmm.config.DiskFormat.QCOW2;
    try (DiskImage image =
        DiskImages.open(file, qcow2 ? DiskFormat.QCOW2 : DiskFormat.RAW, lookingAt(home))) {
      return image.size();
    } catch (IOException _) {
      return -1;
    }
  }

  /**
   * Makes an empty disk image.
   *
   * @param bytes the size of the disk
   * @throws VmmException if there is a file of that name already
   */
  public static void create(Path file, long bytes) throws IOException, VmmException {
    if (Files.exists(file)) {
      throw new VmmException("There is a file %s already; choose another name.".formatted(file));
    }
    Qcow2Creator.create(file, Qcow2Creator.Spec.of(bytes));
  }

  /** Changes the size of a disk that no machine uses now. */
  public static void resize(Path file, DiskConfig disk, long bytes) throws IOException {
    boolean qcow2 = disk.format() == org.vivarium.vmm.config.DiskFormat.QCOW2;
    try (DiskImage image =
        DiskImages.open(file, qcow2 ? DiskFormat.QCOW2 : DiskFormat.RAW, DiskOptions.readWrite())) {
      image.resize(bytes);
      image.flush();
    }
  }
}
