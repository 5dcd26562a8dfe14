package org.vivarium.images.catalog;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.vivarium.images.CancelledException;
import org.vivarium.images.DurableFiles;
import org.vivarium.images.ImageException;
import org.vivarium.images.Progress;
import org.vivarium.images.debian.DebianImage;
import org.vivarium.images.disk.DiskUsage;
import org.vivarium.images.library.DiskTree;
import org.vivarium.images.store.ImageStore;

/**
 * The guests that a person can choose, as they stood when it was opened. Immutable; every method
 * may be called from any thread.
 *
 * <p>Entries come with the program, and from the user's files {@code catalogue/*.json} in the home
 * folder: each holds an entry or an array of them. A file that is wrong is left out, and {@link
 * #problems()} says why.
 */
public final class Catalogue {
  private static final int MAX_FILES = 1000;
  private static final long MAX_FILE = 1 << 20;
  private static final String BUILT_IN = "entries.json";

  private final Path home;
  private final Path images;
  private final Map<String, String> environment;
  private final Map<String, CatalogueEntry> entries;
  private final List<String> problems;

  private Catalogue(
      Path home,
      Map<String, String> environment,
      Map<String, CatalogueEntry> entries,
      List<String> problems) {
    this.home = home;
    this.images = home.toAbsolutePath().resolve("images");
    this.environment = Map.copyOf(environment);
    this.entries = entries;
    this.problems = List.copyOf(problems);
  }

  /**
   * Reads the catalogue; takes milliseconds and starts nothing.
   *
   * @param home the folder that holds {@code images/} and {@code catalogue/}; need not exist
   * @param environment the process's environment
   * @throws ImageException if the program's own entries cannot be read
   */
  public static Catalogue open(Path home, Map<String, String> environment) throws ImageException {
    Map<String, CatalogueEntry> entries = new LinkedHashMap<>();
    for (CatalogueEntry entry : new EntryReader(BUILT_IN, false).read(builtIn())) {
      entries.put(entry.id(), entry);
    }
    List<String> problems = new ArrayList<>();
    for (Path file : own(home.resolve("catalogue"), problems)) {
      try {
        addOwn(file, entries);
      } catch (ImageException e) {
        problems.add(e.getMessage());
      }
    }
    return new Catalogue(home, environment, entries, problems);
  }

  private static byte[] builtIn() throws ImageException {
    try (InputStream in = Catalogue.class.getResourceAsStream(BUILT_IN)) {
      if (in != null) {
        return in.readAllBytes();
      }
    } catch (IOException e) {
      throw new ImageException("Vivarium is damaged: its catalogue is unreadable.", e);
    }
    throw new ImageException("Vivarium is incomplete: its catalogue is missing.");
  }

  private static List<Path> own(Path folder, List<String> problems) {
    List<Path> files = new ArrayList<>();
    if (!Files.isDirectory(folder)) {
      return files;
    }
    try (DirectoryStream<Path> found = Files.newDirectoryStream(folder, "*.json")) {
      for (Path file : found) {
        if (files.size() == MAX_FILES) {
          problems.add("The folder %s holds more than %d entries.".formatted(folder, MAX_FILES));
          break;
        }
        files.add(file);
      }
    } catch (IOException _) {
      problems.add("The folder %s is unreadable; check its permissions.".formatted(folder));
    }
    files.sort(null);
    return files;
  }

  private static void addOwn(Path file, Map<String, CatalogueEntry> entries) throws ImageException {
    byte[] json;
    try (InputStream in = Files.newInputStream(file)) {
      json = in.readNBytes((int) MAX_FILE + 1);
    } catch (IOException e) {
      throw new ImageException(
          "The catalogue file %s is unreadable; check its permissions.".formatted(file), e);
    }
    if (json.length > MAX_FILE) {
      throw new ImageException("The catalogue file %s is over 1 MiB.".formatted(file));
    }
    Map<String, CatalogueEntry> added = new LinkedHashMap<>();
    for (CatalogueEntry entry : new EntryReader(file.toString(), true).read(json)) {
      if (entries.containsKey(entry.id()) || added.put(entry.id(), entry) != null) {
        throw new ImageException(
            "The catalogue file %s has the id \"%s\", which another entry has; choose another."
                .formatted(file, entry.id()));
      }
    }
    entries.putAll(added);
  }

  /**
   * Adds an entry of the user's, as a file {@code catalogue/ID.json}.
   *
   * @param json the entry; its fields are those of such files
   * @throws ImageException if a field is wrong, or there is an entry of that name
   */
  public CatalogueEntry add(byte[] json) throws ImageException {
    List<CatalogueEntry> read = new EntryReader("of the new entry", true).read(json);
    CatalogueEntry added = read.getFirst();
    Path folder = home.resolve("catalogue");
    String name = added.id() + ".json";
    if (entries.containsKey(added.id()) || Files.exists(folder.resolve(name))) {
      throw new ImageException(
          "The catalogue has a guest \"%s\" already; choose another name, or delete %s."
              .formatted(added.id(), folder.resolve(name)));
    }
    try {
      Files.createDirectories(folder);
      DurableFiles.write(folder, name, json);
      return added;
    } catch (IOException e) {
      throw new ImageException(
          "The folder %s cannot be written to; check its permissions.".formatted(folder), e);
    }
  }

  /** Every entry: the program's own, then the user's by file name. */
  public List<CatalogueEntry> entries() {
    return List.copyOf(entries.values());
  }

  /** What is wrong with the user's files: one sentence each. */
  public List<String> problems() {
    return problems;
  }

  /**
   * Finds an entry.
   *
   * @throws ImageException if there is none of that name
   */
  public CatalogueEntry entry(String id) throws ImageException {
    CatalogueEntry entry = entries.get(id);
    if (entry == null) {
      throw new ImageException(
          "The catalogue has no guest \"%s\", only %s."
              .formatted(id, String.join(", ", entries.keySet())));
    }
    return entry;
  }

  /** Tells whether an entry's image is there and what it takes on the disk. */
  public EntryState state(CatalogueEntry entry) throws ImageException {
    GuestMaker maker = maker(entry);
    long bytes = 0;
    Optional<Path> folder = maker.folder();
    if (folder.isPresent()) {
      try {
        bytes = DiskUsage.of(folder.get());
      } catch (IOException e) {
        throw new ImageException("Cannot read the folder %s.".formatted(folder.get()), e);
      }
    }
    return new EntryState(maker.present().isPresent(), bytes);
  }

  /** Returns an entry's guest if its image is there; takes milliseconds. */
  public Optional<PreparedGuest> present(CatalogueEntry entry) throws ImageException {
    return maker(entry).present();
  }

  /**
   * Makes an entry's image unless it is there, on this thread: seconds to minutes. An interrupt
   * cancels it.
   *
   * @throws CancelledException if the thread was interrupted; the interrupt is then used up
   * @throws ImageException if the image cannot be made; nothing half-made is left under its name
   */
  public PreparedGuest prepare(CatalogueEntry entry, Progress progress) throws ImageException {
    try {
      return maker(entry)
          .make(
              (step, done, total) -> {
                if (Thread.currentThread().isInterrupted()) {
                  throw new Interrupted();
                }
                progress.advanced(step, done, total);
              });
    } catch (ImageException e) {
      if (Thread.interrupted()) {
        throw cancelled(entry, e);
      }
      throw e;
    } catch (Interrupted e) {
      Thread.interrupted();
      throw cancelled(entry, e);
    }
  }

  /**
   * Deletes an entry's images; they can be made again.
   *
   * @throws ImageException if machines' disks lie over them
   */
  public void remove(CatalogueEntry entry) throws ImageException {
    Optional<Path> folder = maker(entry).folder();
    if (folder.isEmpty()) {
      throw new ImageException(
          "The disk of %s is your own; delete its file or the entry.".formatted(entry.title()));
    }
    DiskTree.scan(home).requireUnused(folder.get(), "The guest \"%s\"".formatted(entry.id()));
    if (!Files.isDirectory(folder.get())) {
      return;
    }
    new ImageStore(folder.get())
        .alone(
            () -> {
              DurableFiles.deleteFolder(folder.get());
              return entry;
            });
  }

  /**
   * Images that no new machine is made of and no disk lies over.
   *
   * @throws ImageException if an entry's images cannot be looked at
   */
  public FormerImages former() throws ImageException {
    Map<Path, Set<String>> current = new LinkedHashMap<>();
    for (CatalogueEntry entry : entries.values()) {
      GuestMaker maker = maker(entry);
      Optional<Path> folder = maker.folder();
      if (folder.isPresent()) {
        current.put(folder.get(), maker.current());
      }
    }
    // While a file of the user's is wrong, nobody knows which entries are gone.
    return new FormerImages(home.toAbsolutePath(), current, problems.isEmpty());
  }

  private static CancelledException cancelled(CatalogueEntry entry, Exception cause) {
    CancelledException cancelled = new CancelledException(entry.title());
    cancelled.initCause(cause);
    return cancelled;
  }

  /** Ends the making of an image from within its report of progress. */
  private static final class Interrupted extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  private GuestMaker maker(CatalogueEntry entry) {
    return switch (entry.recipe()) {
      case GuestRecipe.Tiny tiny -> new TinyMaker(entry, tiny.flavour(), images, environment);
      case GuestRecipe.Image image -> new ImageMaker(entry, image, images, environment);
      case GuestRecipe.Disk disk -> new DiskMaker(entry, disk.file(), disk.format());
      case GuestRecipe.Debian debian ->
          new DebianMaker(
              entry,
              new DebianImage.Request(
                  images.resolve(entry.id()), debian.suite(), debian.packages(), environment));
    };
  }
}
