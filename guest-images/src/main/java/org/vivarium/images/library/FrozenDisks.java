package org.vivarium.images.library;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.vivarium.images.DurableFiles;
import org.vivarium.images.ImageException;
import org.vivarium.images.disk.DiskFormat;
import org.vivarium.images.disk.DiskImage;
import org.vivarium.images.store.ImageStore;

/**
 * What disks held at one moment, kept as bases below the disks that go on: for clones and for
 * snapshots. Bases lie in {@code templates/}, in folders whose names no template can have, as deep
 * as the disks were, because a base may itself name one relative to where it lies.
 *
 * @param home the home folder
 */
public record FrozenDisks(Path home) {
  /** What a machine's snapshots keep. */
  static final String SNAPSHOT = ".snapshot-";

  /** What a clone and its original have in common. */
  public static final String CLONE = ".clone-";

  /** What is done alone. */
  @FunctionalInterface
  public interface Work<T> {
    /** Does it. */
    T run() throws ImageException, IOException;
  }

  private Path templates() {
    return home.toAbsolutePath().resolve("templates");
  }

  /**
   * Does work while no other thread or process freezes or sweeps: what is frozen and not yet stood
   * on is not swept.
   */
  public <T> T alone(Work<T> work) throws ImageException {
    return new ImageStore(templates()).alone(work::run);
  }

  /**
   * Makes a folder for bases. Within {@link #alone}, as all that follows until a disk stands on
   * them.
   *
   * @param kind {@link #SNAPSHOT} or {@link #CLONE}
   */
  public Path begin(String kind) throws IOException {
    return Files.createTempDirectory(templates(), kind);
  }

  /**
   * Freezes a disk: its content moves to a base, and the disk becomes an empty overlay over it. At
   * each moment, and after a crash at any, the machine has a disk with all of its content.
   *
   * @param disk the disk, qcow2, opened for writing and flushed, so that nobody else changes it
   * @param machine the machine's folder, which holds the disk
   * @param folder what {@link #begin} made
   * @return the base
   */
  public Path freeze(DiskImage disk, Path machine, Path folder) throws IOException {
    Path file = disk.files().getFirst().path();
    Path base = folder.resolve(machine.toRealPath().relativize(file.toRealPath()));
    Path place = makeParent(base);
    // A second name first: the content is never without one.
    Files.createLink(base, file);
    DurableFiles.sync(place);
    DurableFiles.sync(folder);
    DurableFiles.sync(templates());
    replace(file, base, disk.size());
    Files.setPosixFilePermissions(base, PosixFilePermissions.fromString("r--r-----"));
    return base;
  }

  /** Puts an empty overlay over {@code base} in a disk's place, in one step. */
  void replace(Path file, Path base, long size) throws IOException {
    Path next = file.resolveSibling(".new-" + file.getFileName());
    Files.deleteIfExists(next);
    try {
      Clones.overlay(home, base, DiskFormat.QCOW2, next, size);
      Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
      DurableFiles.sync(parent(file));
    } finally {
      Files.deleteIfExists(next);
    }
  }

  /** Makes the folder of a file, if it is not there. */
  static Path makeParent(Path file) throws IOException {
    return Files.createDirectories(parent(file));
  }

  private static Path parent(Path file) {
    return Objects.requireNonNull(file.getParent(), file::toString);
  }

  /** The folders of bases that the disks in a machine's folder stand on, however far below. */
  public Set<Path> below(Path machine) throws ImageException {
    DiskTree tree = DiskTree.scan(home);
    Path own = DiskTree.real(machine);
    Set<Path> found = new LinkedHashSet<>();
    Deque<Path> open = new ArrayDeque<>();
    tree.disks().stream()
        .filter(disk -> disk.file().startsWith(own))
        .forEach(disk -> push(open, disk.base()));
    while (!open.isEmpty()) {
      Path base = open.pop();
      Path folder = folderOf(base);
      if (folder != null) {
        found.add(folder);
      }
      tree.disks().stream()
          .filter(disk -> disk.file().equals(base))
          .forEach(disk -> push(open, disk.base()));
    }
    return found;
  }

  private static void push(Deque<Path> open, @Nullable Path base) {
    if (base != null) {
      open.push(base);
    }
  }

  /** The folder that {@link #begin} made for a base, or null if it is a base of another kind. */
  private @Nullable Path folderOf(Path base) {
    Path templates = DiskTree.real(templates());
    if (!base.startsWith(templates) || base.equals(templates)) {
      return null;
    }
    Path folder = templates.resolve(templates.relativize(base).getName(0));
    String name = folder.getFileName().toString();
    return name.startsWith(SNAPSHOT) || name.startsWith(CLONE) ? folder : null;
  }

  /**
   * Deletes the bases in these folders that no disk stands on and no snapshot names, and what is
   * needed no more below them.
   */
  public void sweep(Collection<Path> folders) throws ImageException {
    if (!folders.isEmpty()) {
      alone(
          () -> {
            sweepAlone(folders);
            return folders;
          });
    }
  }

  /**
   * Finds what is left of deletions: folders of bases that no disk outside of such folders stands
   * on and no snapshot names, and templates that were being deleted.
   *
   * @throws ImageException where a folder or a disk cannot be read
   */
  public List<Path> unneeded() throws ImageException {
    DiskTree tree = DiskTree.scan(home).requireReadable();
    Set<Path> found = new LinkedHashSet<>();
    Set<Path> named;
    try {
      named = Snapshots.named(home);
      for (String kind : List.of(SNAPSHOT, CLONE, Templates.DYING)) {
        if (Files.isDirectory(templates())) {
          try (DirectoryStream<Path> all = Files.newDirectoryStream(templates(), kind + "*")) {
            all.forEach(folder -> found.add(DiskTree.real(folder)));
          }
        }
      }
    } catch (IOException e) {
      throw new ImageException("The folder %s cannot be read.".formatted(templates()), e);
    }
    found.removeAll(named);
    while (found.removeIf(
        folder ->
            tree.overFolder(folder).stream()
                .anyMatch(disk -> found.stream().noneMatch(disk.file()::startsWith)))) {
      // What stood on a folder that is needed after all is needed too.
      continue;
    }
    return List.copyOf(found);
  }

  /** Deletes what {@link #unneeded()} finds, and returns it. */
  public List<Path> deleteUnneeded() throws ImageException {
    return alone(
        () -> {
          List<Path> found = unneeded();
          for (Path folder : found) {
            DurableFiles.deleteFolder(folder);
          }
          return found;
        });
  }

  /** As {@link #sweep(Collection)}, within {@link #alone}. */
  public void sweepAlone(Collection<Path> folders) throws IOException, ImageException {
    Deque<Path> open = new ArrayDeque<>();
    folders.forEach(folder -> open.add(DiskTree.real(folder)));
    while (!open.isEmpty()) {
      Path folder = open.pop();
      if (Files.isDirectory(folder) && !Snapshots.named(home).contains(folder)) {
        sweep(folder, open);
      }
    }
  }

  private void sweep(Path folder, Deque<Path> open) throws IOException, ImageException {
    DiskTree tree = DiskTree.scan(home);
    List<Path> bases = new ArrayList<>();
    try (Stream<Path> files = Files.walk(folder)) {
      files.filter(Files::isRegularFile).forEach(bases::add);
    }
    boolean all = true;
    for (Path base : bases) {
      if (!tree.over(base).isEmpty()) {
        all = false;
        continue;
      }
      Files.delete(base);
      for (DiskTree.Disk disk : tree.disks()) {
        Path lower = disk.file().equals(base) ? disk.base() : null;
        Path next = lower == null ? null : folderOf(lower);
        if (next != null && !next.equals(folder)) {
          open.add(next);
        }
      }
    }
    if (all) {
      DurableFiles.deleteFolder(folder);
    }
  }
}
