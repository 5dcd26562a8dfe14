package org.vivarium.images.catalog;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import org.vivarium.images.ImageException;
import org.vivarium.images.Progress;
import org.vivarium.images.disk.DiskFormat;
import org.vivarium.images.disk.DiskImage;
import org.vivarium.images.disk.DiskImageException;
import org.vivarium.images.disk.DiskOptions;
import org.vivarium.images.qcow2.DiskImages;

/** Takes a disk image of the user's own as it is. */
record DiskMaker(CatalogueEntry entry, Path file, DiskFormat format) implements GuestMaker {
  @Override
  public Optional<PreparedGuest> present() {
    try {
      return Optional.of(make(Progress.NONE));
    } catch (ImageException _) {
      return Optional.empty();
    }
  }

  @Override
  public PreparedGuest make(Progress progress) throws ImageException {
    return new PreparedGuest(entry, null, base(file, format));
  }

  /**
   * Describes a disk that shall lie below others.
   *
   * @throws ImageException if it cannot be read, or needs another file below it
   */
  static PreparedGuest.Base base(Path file, DiskFormat format) throws ImageException {
    try (DiskImage disk = DiskImages.open(file, format, DiskOptions.readOnlyAccess())) {
      return new PreparedGuest.Base(file, format, disk.size());
    } catch (DiskImageException e) {
      throw new ImageException(String.valueOf(e.getMessage()), e);
    } catch (IOException e) {
      throw new ImageException(
          "Cannot read the disk %s; check its path and permissions.".formatted(file), e);
    }
  }

  @Override
  public Optional<Path> folder() {
    return Optional.empty();
  }

  @Override
  public Set<String> current() {
    return Set.of();
  }
}
