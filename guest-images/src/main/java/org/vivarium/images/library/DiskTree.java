package org.vivarium.images.library;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.vivarium.images.ImageException;
import org.vivarium.images.disk.DiskFormat;
import org.vivarium.images.qcow2.Qcow2Info;

/**
 * Which disk of a home folder lies below which, as the files say at one moment: nothing is counted
 * beside them that could be wrong.
 *
 * <p>Not for a process that runs a machine: see {@link Qcow2Info#read}.
 *
 * @param disks every disk: bases, templates, machines' disks, and what machines name elsewhere
 */
public record DiskTree(List<Disk> disks) {
  /**
   * One disk.
   *
   * @param file where it lies, symbolic links followed
   * @param format how it stores its bytes, by its name
   * @param size what the guest sees, bytes; 0 where the disk cannot be read
   * @param base the file below it, or null where it stands alone
   * @param problem why it cannot be read, in a sentence, or null
   */
  public record Disk(
      Path file, DiskFormat format, long size, @Nullable Path base, @Nullable String problem) {}

  private static final int MAX_JSON = 1 << 20;
  private static final int MAX_DISKS = 100_000;
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Copies the list. */
  public DiskTree {
    disks = List.copyOf(disks);
  }

  /**
   * Reads a home folder: the beginning of each disk, and what machines name.
   *
   * @throws ImageException where a folder cannot be read
   */
  public static DiskTree scan(Path home) throws ImageException {
    Set<Path> files = new LinkedHashSet<>();
    try {
      for (String folder : List.of("images", "templates", "vms")) {
        find(home.resolve(folder), folder.equals("images") ? 3 : 2, files);
      }
      for (Path machine : folders(home.resolve("vms"))) {
        named(machine, files);
      }
      List<Disk> disks = new ArrayList<>();
      for (Path file : files) {
        disks.add(look(file));
      }
      return new DiskTree(disks);
    } catch (IOException e) {
      throw new ImageException(
          "The folder %s cannot be read; check its permissions.".formatted(home), e);
    }
  }

  /** The folders in a folder, by their names; none where it is not there. */
  public static List<Path> folders(Path folder) throws IOException {
    List<Path> found = new ArrayList<>();
    if (Files.isDirectory(folder)) {
      try (DirectoryStream<Path> entries =
          Files.newDirectoryStream(folder, entry -> Files.isDirectory(entry))) {
        entries.forEach(found::add);
      }
    }
    found.sort(null);
    return found;
  }

  /** Adds the disks in a folder and, to a depth, in those below it. */
  private static void find(Path folder, int depth, Set<Path> files) throws IOException {
    if (!Files.isDirectory(folder)) {
      return;
    }
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder, "*.{raw,qcow2}")) {
      for (Path entry : entries) {
        if (Files.isRegularFile(entry) && files.size() < MAX_DISKS) {
          files.add(entry.toRealPath());
        }
      }
    }
    if (depth > 0) {
      for (Path below : folders(folder)) {
        find(below, depth - 1, files);
      }
    }
  }

  /** Adds the disks that a machine's definition names, wherever they lie. */
  private static void named(Path machine, Set<Path> files) throws IOException {
    Path definition = machine.resolve("vm.json");
    if (!Files.isRegularFile(definition) || Files.size(definition) > MAX_JSON) {
      return;
    }
    JsonNode root;
    try {
      root = JSON.readTree(Files.readAllBytes(definition));
    } catch (com.fasterxml.jackson.core.JsonProcessingException _) {
      // Whoever opens the machine says what is wrong with it; its own folder has been looked at.
      return;
    }
    for (String name : root.findValuesAsText("file")) {
      try {
        Path file = machine.resolve(name);
        if (Files.isRegularFile(file)) {
          files.add(file.toRealPath());
        }
      } catch (InvalidPathException _) {
        // No file can have that name, so none lies below another for it.
        continue;
      }
    }
  }

  private static Disk look(Path file) {
    DiskFormat format = HomeBacking.formatOf(file);
    try {
      if (format == DiskFormat.RAW) {
        return new Disk(file, format, Files.size(file), null, null);
      }
      Qcow2Info info = Qcow2Info.read(file);
      String name = info.backingName();
      if (name == null) {
        return new Disk(file, format, info.size(), null, null);
      }
      Path base = file.resolveSibling(name).normalize();
      return Files.exists(base)
          ? new Disk(file, format, info.size(), base.toRealPath(), null)
          : new Disk(file, format, info.size(), base, "Its base %s is gone.".formatted(base));
    } catch (IOException | InvalidPathException e) {
      return new Disk(file, format, 0, null, "The disk %s cannot be read.".formatted(file));
    }
  }

  /** The disks that lie directly over a file. */
  public List<Disk> over(Path base) {
    Path wanted = real(base);
    return disks.stream().filter(disk -> wanted.equals(disk.base())).toList();
  }

  /**
   * The disks that lie over a file in a folder, or in one below it, and are not in it themselves.
   */
  public List<Disk> overFolder(Path folder) {
    Path wanted = real(folder);
    return disks.stream()
        .filter(disk -> !disk.file().startsWith(wanted))
        .filter(
            disk -> {
              Path base = disk.base();
              return base != null && base.startsWith(wanted);
            })
        .toList();
  }

  /**
   * Refuses to go on where disks lie over the files in a folder.
   *
   * @param what what shall be deleted, as people call it
   * @throws ImageException naming one of them
   */
  public void requireUnused(Path folder, String what) throws ImageException {
    List<Disk> over = overFolder(folder);
    if (!over.isEmpty()) {
      throw new ImageException(
          "%s is the base of %d disks, among them %s; delete their machines first."
              .formatted(what, over.size(), over.getFirst().file()));
    }
  }

  /**
   * Refuses to go on where a disk cannot be read: nobody knows what it lies over.
   *
   * @throws ImageException naming it
   */
  public DiskTree requireReadable() throws ImageException {
    for (Disk disk : disks) {
      String problem = disk.problem();
      if (problem != null && disk.base() == null) {
        throw new ImageException("Nothing is deleted: " + problem);
      }
    }
    return this;
  }

  static Path real(Path path) {
    try {
      return path.toRealPath();
    } catch (IOException _) {
      // A file that is gone still has a name that others may state.
      return path.toAbsolutePath().normalize();
    }
  }
}
