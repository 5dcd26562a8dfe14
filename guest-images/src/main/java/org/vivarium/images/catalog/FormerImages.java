package org.vivarium.images.catalog;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.vivarium.images.DurableFiles;
import org.vivarium.images.ImageException;
import org.vivarium.images.disk.DiskUsage;
import org.vivarium.images.library.DiskTree;
import org.vivarium.images.store.ImageStore;

/**
 * Images of guests that no new machine is made of: former ones of an entry, and those of entries
 * that are gone. One over which a disk lies, or that a machine's definition names, is in use. Safe
 * for any thread.
 *
 * @param home the home folder, absolute
 * @param current by the folder of an entry's images the names of those that are not former
 * @param whole whether all entries are in {@code current}
 */
public record FormerImages(Path home, Map<Path, Set<String>> current, boolean whole) {
  private static final long MAX_DEFINITION = 1 << 20;

  /** Copies the map. */
  public FormerImages {
    current = Map.copyOf(current);
  }

  /**
   * Finds their folders.
   *
   * @throws ImageException where a folder or a disk cannot be read, for what it stands on is in use
   */
  public List<Path> find() throws ImageException {
    DiskTree tree = DiskTree.scan(home).requireReadable();
    List<Path> found = new ArrayList<>();
    try {
      for (Path folder : DiskTree.folders(home.resolve("images"))) {
        Set<String> named = current.get(folder);
        for (Path image : DiskTree.folders(folder)) {
          String name = image.getFileName().toString();
          boolean former = named != null ? !named.contains(name) : whole && isGuest(image);
          if (former && !name.startsWith(".")) {
            found.add(image);
          }
        }
      }
      String definitions = definitions();
      found.removeIf(
          image -> !tree.overFolder(image).isEmpty() || definitions.contains(image.toString()));
      return found;
    } catch (IOException e) {
      throw new ImageException(
          "The folder %s cannot be read; check its permissions.".formatted(home), e);
    }
  }

  /**
   * Deletes those of a list that {@link #find} still finds.
   *
   * @return what was deleted
   */
  public List<Path> delete(List<Path> images) throws ImageException {
    List<Path> deleted = new ArrayList<>();
    for (Path image : images) {
      new ImageStore(Objects.requireNonNull(image.getParent()))
          .alone(
              () -> {
                // A machine may have been made of it since.
                if (find().contains(image)) {
                  DurableFiles.deleteFolder(image);
                  deleted.add(image);
                }
                return deleted;
              });
    }
    return deleted;
  }

  /**
   * Tells what a folder takes on this computer's disk, bytes.
   *
   * @throws ImageException if it cannot be read
   */
  public static long bytesOnDisk(Path folder) throws ImageException {
    try {
      return DiskUsage.of(folder);
    } catch (IOException e) {
      throw new ImageException("Cannot read the folder %s.".formatted(folder), e);
    }
  }

  private static boolean isGuest(Path image) {
    return Files.exists(image.resolve("disk.raw")) || Files.exists(image.resolve("disk.qcow2"));
  }

  /** The text of all definitions. */
  private String definitions() throws IOException {
    StringBuilder all = new StringBuilder();
    for (String kind : List.of("vms", "templates")) {
      for (Path machine : DiskTree.folders(home.resolve(kind))) {
        Path definition = machine.resolve("vm.json");
        if (Files.isRegularFile(definition) && Files.size(definition) <= MAX_DEFINITION) {
          all.append(Files.readString(definition)).append('\n');
        }
      }
    }
    return all.toString();
  }
}
