package org.vivarium.images.catalog;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.vivarium.images.BootImage;
import org.vivarium.images.ImageException;
import org.vivarium.images.Progress;
import org.vivarium.images.deb.PackageSource;
import org.vivarium.images.deb.PackageSources;
import org.vivarium.images.tiny.TinyLinux;

/** Makes Tiny Linux. */
record TinyMaker(CatalogueEntry entry, String flavour, Path images, Map<String, String> environment)
    implements GuestMaker {
  @Override
  public Optional<PreparedGuest> present() throws ImageException {
    return TinyLinux.locate(images, flavour).map(this::guest);
  }

  @Override
  public PreparedGuest make(Progress progress) throws ImageException {
    PackageSource source = PackageSources.choose(images.resolve("packages"), environment);
    return guest(TinyLinux.obtain(images, flavour, source, progress));
  }

  private PreparedGuest guest(BootImage image) {
    return new PreparedGuest(entry, image, null);
  }

  @Override
  public Optional<Path> folder() {
    return Optional.of(images.resolve("tiny"));
  }

  @Override
  public Set<String> current() throws ImageException {
    return TinyLinux.current(images);
  }
}
