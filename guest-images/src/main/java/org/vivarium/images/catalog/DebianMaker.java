package org.vivarium.images.catalog;

import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import org.vivarium.images.ImageException;
import org.vivarium.images.Progress;
import org.vivarium.images.debian.DebianImage;
import org.vivarium.images.disk.DiskFormat;

/** Makes a Debian disk. */
record DebianMaker(CatalogueEntry entry, DebianImage.Request request) implements GuestMaker {
  @Override
  public Optional<PreparedGuest> present() throws ImageException {
    Optional<DebianImage> image = DebianImage.locate(request);
    return image.isPresent() ? Optional.of(guest(image.get())) : Optional.empty();
  }

  @Override
  public PreparedGuest make(Progress progress) throws ImageException {
    return guest(DebianImage.obtain(request, progress));
  }

  private PreparedGuest guest(DebianImage image) throws ImageException {
    return new PreparedGuest(entry, image.boot(), DiskMaker.base(image.disk(), DiskFormat.RAW));
  }

  @Override
  public Optional<Path> folder() {
    return Optional.of(request.folder());
  }

  @Override
  public Set<String> current() {
    return DebianImage.current(request.folder());
  }
}
