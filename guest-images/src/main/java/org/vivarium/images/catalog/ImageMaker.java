package org.vivarium.images.catalog;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.vivarium.images.DurableFiles;
import org.vivarium.images.ImageException;
import org.vivarium.images.Progress;
import org.vivarium.images.store.Download;
import org.vivarium.images.store.ImageStore;

/**
 * Fetches a publisher's disk image and checks it. Where the entry names a list of checksums and not
 * the checksum itself, the file {@code present} says which image is here; it stays until it is
 * deleted, whatever the publisher offers since.
 */
record ImageMaker(
    CatalogueEntry entry, GuestRecipe.Image recipe, Path images, Map<String, String> environment)
    implements GuestMaker {
  private static final long MAX_IMAGE = 64L << 30;
  private static final int NAME_DIGITS = 32;
  private static final String PRESENT = "present";
  private static final String PART = ".part";

  private Path entryFolder() {
    return images.resolve(entry.id());
  }

  private static String name(String digest) {
    return digest.substring(0, NAME_DIGITS);
  }

  private Path disk(Path folder) {
    return folder.resolve("disk." + recipe.format().id());
  }

  @Override
  public Set<String> current() {
    if (recipe.check().checksums() == null) {
      return Set.of(name(recipe.check().digest()));
    }
    try {
      String name = Files.readString(entryFolder().resolve(PRESENT)).strip();
      return name.matches("[0-9a-f]{%d}".formatted(NAME_DIGITS)) ? Set.of(name) : Set.of();
    } catch (IOException _) {
      // Not fetched yet.
      return Set.of();
    }
  }

  @Override
  public Optional<PreparedGuest> present() throws ImageException {
    for (String name : current()) {
      Path disk = disk(entryFolder().resolve(name));
      if (Files.exists(disk)) {
        return Optional.of(new PreparedGuest(entry, null, DiskMaker.base(disk, recipe.format())));
      }
    }
    return Optional.empty();
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
    Path unfinished = store.begin();
    Path whole = store.begin();
    try {
      String digest = expected(unfinished);
      Path part = entryFolder().resolve(name(digest) + PART);
      dropOtherParts(part);
      fetch(part, digest, progress);
      Path disk = disk(whole);
      Files.move(part, disk, StandardCopyOption.ATOMIC_MOVE);
      DiskMaker.base(disk, recipe.format());
      ReadOnly.protect(disk);
      store.publish(whole, name(digest));
      DurableFiles.write(entryFolder(), PRESENT, (name(digest) + "\n").getBytes(DurableFiles.TEXT));
      return present().orElseThrow(() -> new ImageException("The image is gone again; try again."));
    } finally {
      DurableFiles.deleteFolder(unfinished);
      DurableFiles.deleteFolder(whole);
    }
  }

  private String expected(Path folder) throws ImageException, IOException {
    return recipe.check().expected(recipe.address(), folder, environment);
  }

  /** What was begun of an image that the publisher has replaced is of no use any more. */
  private void dropOtherParts(Path part) throws IOException {
    try (DirectoryStream<Path> parts = Files.newDirectoryStream(entryFolder(), "*" + PART)) {
      for (Path other : parts) {
        if (!other.equals(part)) {
          Files.delete(other);
        }
      }
    }
  }

  private void fetch(Path part, String digest, Progress progress)
      throws ImageException, IOException {
    boolean resumed = Files.exists(part);
    download(part, progress);
    if (!matches(part, digest, progress)) {
      Files.deleteIfExists(part);
      if (resumed) {
        // What was there before may have been of another file: once more from the start.
        download(part, progress);
      }
      if (!resumed || !matches(part, digest, progress)) {
        Files.deleteIfExists(part);
        throw new ImageException(
            "The file %s does not have the checksum of the catalogue's entry \"%s\"; correct the entry."
                .formatted(recipe.address(), entry.id()));
      }
    }
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

  private boolean matches(Path part, String digest, Progress progress) throws IOException {
    progress.advanced("Checking " + entry.title(), 0, 0);
    return Files.exists(part) && ImageCheck.matches(part, digest);
  }

  @Override
  public Optional<Path> folder() {
    return Optional.of(entryFolder());
  }
}
