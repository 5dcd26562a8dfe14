package org.vivarium.images.catalog;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;
import org.vivarium.images.ImageException;
import org.vivarium.images.Progress;
import org.vivarium.images.deb.Sha256;
import org.vivarium.images.store.Download;
import org.vivarium.images.store.ImageStore;

/** Fetches a publisher's disk image and checks it. */
record ImageMaker(CatalogueEntry entry, GuestRecipe.Image recipe, Path images)
    implements GuestMaker {
  private static final long MAX_IMAGE = 64L << 30;
  private static final int NAME_DIGITS = 32;

  private Path entryFolder() {
    return images.resolve(entry.id());
  }

  private String name() {
    return recipe.sha256().substring(0, NAME_DIGITS);
  }

  private Path disk(Path folder) {
    return folder.resolve("disk." + recipe.format().id());
  }

  @Override
  public Optional<PreparedGuest> present() throws ImageException {
    Path disk = disk(entryFolder().resolve(name()));
    return Files.exists(disk)
        ? Optional.of(new PreparedGuest(entry, null, DiskMaker.base(disk, recipe.format())))
        : Optional.empty();
  }

  @Override
  public PreparedGuest make(Progress progress) throws ImageException {
    ImageStore store = new ImageStore(entryFolder());
    return store.alone(
        () -> {
          Optional<PreparedGuest> present = present();
          return present.isPresent() ? present.get() : fetch(store, progress);
        });
  }

  private PreparedGuest fetch(ImageStore store, Progress progress)
      throws ImageException, IOException {
    Path part = entryFolder().resolve(name() + ".part");
    boolean resumed = Files.exists(part);
    download(part, progress);
    if (!matches(part, progress)) {
      Files.deleteIfExists(part);
      if (resumed) {
        // What was there before may have been of another file: once more from the start.
        download(part, progress);
      }
      if (!resumed || !matches(part, progress)) {
        Files.deleteIfExists(part);
        throw new ImageException(
            "The file %s does not have the SHA-256 of the catalogue's entry \"%s\"; correct the entry."
                .formatted(recipe.address(), entry.id()));
      }
    }
    Path unfinished = store.begin();
    Path disk = disk(unfinished);
    Files.move(part, disk, StandardCopyOption.ATOMIC_MOVE);
    DiskMaker.base(disk, recipe.format());
    ReadOnly.protect(disk);
    store.publish(unfinished, name());
    return present().orElseThrow(() -> new ImageException("The image is gone again; try again."));
  }

  private void download(Path part, Progress progress) throws ImageException {
    String step = "Fetching " + entry.title();
    try {
      new Download(recipe.address(), part, MAX_IMAGE)
          .run(done -> progress.advanced(step, done, entry.downloadBytes()));
    } catch (IOException e) {
      throw new ImageException(
          "Cannot fetch %s (%s); check the network and the entry's url."
              .formatted(recipe.address(), e.getMessage()),
          e);
    }
  }

  private boolean matches(Path part, Progress progress) throws IOException {
    progress.advanced("Checking " + entry.title(), 0, 0);
    return Files.exists(part) && Sha256.of(part).equals(recipe.sha256());
  }

  @Override
  public Optional<Path> folder() {
    return Optional.of(entryFolder());
  }
}
