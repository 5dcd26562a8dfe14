package org.vivarium.images.library;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.vivarium.images.DurableFiles;
import org.vivarium.images.ImageException;
import org.vivarium.images.disk.DiskFormat;
import org.vivarium.images.disk.DiskImage;
import org.vivarium.images.disk.DiskImageException;
import org.vivarium.images.disk.DiskOptions;
import org.vivarium.images.disk.DiskUsage;
import org.vivarium.images.disk.FileLocker;
import org.vivarium.images.qcow2.DiskImages;
import org.vivarium.images.qcow2.Qcow2Info;

/**
 * Snapshots of stopped machines: what their disks held and how they were defined. The disks'
 * content is frozen ({@link FrozenDisks}); {@code snapshots/NAME.json} in the machine's folder
 * names it, and is written last, so that a snapshot is there whole or not at all.
 *
 * @param home the home folder
 * @param locker the way in which disks are locked while they are in use
 */
public record Snapshots(Path home, FileLocker locker) {
  private static final Pattern NAME = Pattern.compile("[a-zA-Z0-9][a-zA-Z0-9._-]{0,63}");
  private static final String FOLDER = "snapshots";
  private static final String ENDING = ".json";
  private static final String DEFINITION = "vm.json";

  /** Says which snapshot is being restored; while it is there, the machine must not start. */
  private static final String RESTORING = ".restoring";

  private static final int VERSION = 1;
  private static final int MAX_JSON = 4 << 20;

  /** Made when first needed: most machines that start have no snapshot. */
  private static final class Mapper {
    static final ObjectMapper JSON = new ObjectMapper();
  }

  /**
   * A snapshot.
   *
   * @param name its name
   * @param taken when
   * @param note what it is for; may be empty
   * @param folder the folder of the frozen disks
   * @param disks the disks, relative to the machine's folder and to {@code folder}
   * @param definition the text of the machine's definition
   */
  public record Snapshot(
      String name, Instant taken, String note, Path folder, List<Path> disks, String definition) {
    /** Copies the list. */
    public Snapshot {
      disks = List.copyOf(disks);
    }
  }

  /**
   * Takes a snapshot of a stopped machine. It takes milliseconds and next to no space, and the
   * machine keeps all of its content.
   *
   * @param machine the machine's folder
   * @param disks its disks, qcow2, relative to that folder; one or more
   * @throws ImageException if the name is bad or taken
   * @throws DiskImageException if a disk is in use or cannot be read
   */
  public Snapshot take(Path machine, String name, String note, List<Path> disks, Instant now)
      throws ImageException, IOException {
    requireWhole(machine);
    Path manifest = manifest(machine, name);
    if (Files.exists(manifest)) {
      throw new ImageException(
          "There is a snapshot \"%s\" already; choose another name.".formatted(name));
    }
    Path snapshots = Files.createDirectories(machine.resolve(FOLDER));
    FrozenDisks frozen = new FrozenDisks(home);
    try (OpenDisks open = OpenDisks.of(this, machine, disks)) {
      String definition = Files.readString(machine.resolve(DEFINITION));
      return frozen.alone(
          () -> {
            Path folder = frozen.begin(FrozenDisks.SNAPSHOT);
            boolean done = false;
            try {
              for (DiskImage disk : open.images()) {
                disk.flush();
                frozen.freeze(disk, machine, folder);
              }
              Snapshot taken = new Snapshot(name, now, note, folder, disks, definition);
              byte[] text = Mapper.JSON.writeValueAsBytes(toJson(taken));
              DurableFiles.write(snapshots, manifest.getFileName().toString(), text);
              done = true;
              return taken;
            } finally {
              if (!done) {
                frozen.sweepAlone(List.of(folder));
              }
            }
          });
    }
  }

  /** A machine's snapshots, oldest first. */
  public List<Snapshot> list(Path machine) throws ImageException, IOException {
    List<Snapshot> found = new ArrayList<>();
    Path folder = machine.resolve(FOLDER);
    if (Files.isDirectory(folder)) {
      try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder, "*" + ENDING)) {
        for (Path entry : entries) {
          found.add(read(entry));
        }
      }
    }
    found.sort(Comparator.comparing(Snapshot::taken).thenComparing(Snapshot::name));
    return found;
  }

  /**
   * Finds a snapshot.
   *
   * @throws ImageException if there is none of that name
   */
  public Snapshot find(Path machine, String name) throws ImageException, IOException {
    Path manifest = manifest(machine, name);
    if (!Files.exists(manifest)) {
      throw new ImageException("There is no snapshot \"%s\".".formatted(name));
    }
    return read(manifest);
  }

  /** Bytes that a snapshot's own frozen disks take on the host. */
  public static long bytes(Snapshot snapshot) throws IOException {
    return DiskUsage.of(snapshot.folder());
  }

  /**
   * Gives a stopped machine the disks and the definition of a snapshot, which stays. What the disks
   * held is lost. After a crash the machine does not start until this is done again.
   *
   * @throws ImageException if there is no such snapshot, or what it needs is gone
   * @throws DiskImageException if a disk is in use
   */
  public Snapshot restore(Path machine, String name) throws ImageException, IOException {
    Snapshot snapshot = find(machine, name);
    for (Path disk : snapshot.disks()) {
      if (!Files.exists(snapshot.folder().resolve(disk))) {
        throw new ImageException(
            "What disk %s held at snapshot \"%s\" is gone from %s; it cannot be restored."
                .formatted(disk, name, snapshot.folder()));
      }
    }
    FrozenDisks frozen = new FrozenDisks(home);
    Set<Path> below = frozen.below(machine);
    List<Path> present =
        snapshot.disks().stream().filter(disk -> Files.exists(machine.resolve(disk))).toList();
    Path snapshots = machine.resolve(FOLDER);
    try (OpenDisks _ = OpenDisks.of(this, machine, present)) {
      frozen.alone(
          () -> {
            DurableFiles.write(snapshots, RESTORING, name.getBytes(DurableFiles.TEXT));
            for (Path disk : snapshot.disks()) {
              Path base = snapshot.folder().resolve(disk);
              Path file = machine.resolve(disk);
              FrozenDisks.makeParent(file);
              frozen.replace(file, base, Qcow2Info.read(base).size());
            }
            byte[] definition = snapshot.definition().getBytes(DurableFiles.TEXT);
            DurableFiles.write(machine, DEFINITION, definition);
            // What was read from the disk that is now replaced.
            DurableFiles.deleteFolder(machine.resolve("boot"));
            Files.delete(snapshots.resolve(RESTORING));
            DurableFiles.sync(snapshots);
            return snapshot;
          });
    }
    frozen.sweep(below);
    return snapshot;
  }

  /**
   * Deletes a snapshot; the machine may run. The space of what later snapshots or the machine's
   * disks still stand on is given back with them.
   */
  public void remove(Path machine, String name) throws ImageException, IOException {
    requireWhole(machine);
    Snapshot snapshot = find(machine, name);
    FrozenDisks frozen = new FrozenDisks(home);
    frozen.alone(
        () -> {
          Files.delete(manifest(machine, name));
          DurableFiles.sync(machine.resolve(FOLDER));
          frozen.sweepAlone(List.of(snapshot.folder()));
          return snapshot;
        });
  }

  /**
   * Refuses a machine whose disks are of two times.
   *
   * @throws ImageException naming the snapshot whose restoring was cut off
   */
  public static void requireWhole(Path machine) throws ImageException {
    Path marker = machine.resolve(FOLDER).resolve(RESTORING);
    if (Files.exists(marker)) {
      String name;
      try {
        name = Files.readString(marker).strip();
      } catch (IOException e) {
        throw new ImageException("The file %s cannot be read.".formatted(marker), e);
      }
      throw new ImageException(
          "Restoring snapshot \"%s\" of %s was cut off; restore it again first."
              .formatted(name, machine.getFileName()));
    }
  }

  /** The folders of frozen disks that snapshots of any machine name. */
  static Set<Path> named(Path home) throws ImageException, IOException {
    Set<Path> named = new HashSet<>();
    Path machines = home.resolve("vms");
    if (Files.isDirectory(machines)) {
      Snapshots all = new Snapshots(home, FileLocker.none());
      try (DirectoryStream<Path> entries = Files.newDirectoryStream(machines)) {
        for (Path machine : entries) {
          all.list(machine).forEach(snapshot -> named.add(DiskTree.real(snapshot.folder())));
        }
      }
    }
    return named;
  }

  private static Path manifest(Path machine, String name) throws ImageException {
    if (!NAME.matcher(name).matches()) {
      throw new ImageException(
          "The name \"%s\" is not possible; use 1 to 64 letters, digits, '.', '_' and '-', a letter or a digit first."
              .formatted(name.replaceAll("\\p{Cntrl}", "?")));
    }
    return machine.resolve(FOLDER).resolve(name + ENDING);
  }

  private static ObjectNode toJson(Snapshot snapshot) {
    ObjectNode node = Mapper.JSON.createObjectNode().put("version", VERSION);
    node.put("name", snapshot.name()).put("taken", snapshot.taken().toString());
    node.put("note", snapshot.note());
    node.put("folder", snapshot.folder().getFileName().toString());
    var disks = node.putArray("disks");
    snapshot.disks().forEach(disk -> disks.add(disk.toString()));
    return node.put("definition", snapshot.definition());
  }

  private Snapshot read(Path manifest) throws ImageException, IOException {
    try {
      if (Files.size(manifest) > MAX_JSON) {
        throw bad(manifest);
      }
      JsonNode node = Mapper.JSON.readTree(Files.readAllBytes(manifest));
      List<Path> disks = new ArrayList<>();
      for (JsonNode disk : node.path("disks")) {
        disks.add(inside(manifest, disk.asText()));
      }
      Path folder = inside(manifest, node.path("folder").asText());
      String file = manifest.getFileName().toString();
      String name = file.substring(0, file.length() - ENDING.length());
      boolean known = node.path("version").asInt() == VERSION;
      if (!known
          || folder.getNameCount() != 1
          || !node.path("name").asText().equals(name)
          || !NAME.matcher(name).matches()
          || !node.path("definition").isTextual()) {
        throw bad(manifest);
      }
      return new Snapshot(
          name,
          Instant.parse(node.path("taken").asText()),
          node.path("note").asText(),
          home.toAbsolutePath().resolve("templates").resolve(folder),
          disks,
          node.path("definition").asText());
    } catch (JsonProcessingException | DateTimeException | InvalidPathException e) {
      ImageException damaged = bad(manifest);
      damaged.initCause(e);
      throw damaged;
    }
  }

  /** A name that leads nowhere else than into the folder that it is resolved against. */
  private static Path inside(Path manifest, String name) throws ImageException {
    Path path = Path.of(name);
    if (name.isEmpty()
        || path.isAbsolute()
        || !path.equals(path.normalize())
        || path.startsWith("..")) {
      throw bad(manifest);
    }
    return path;
  }

  private static ImageException bad(Path manifest) {
    return new ImageException(
        "The snapshot %s is damaged; restore the file from a backup, or delete it."
            .formatted(manifest));
  }

  /** Disks that are opened for writing, so that no machine can be started with them meanwhile. */
  private record OpenDisks(List<DiskImage> images) implements AutoCloseable {
    static OpenDisks of(Snapshots in, Path machine, List<Path> disks) throws IOException {
      DiskOptions options =
          DiskOptions.readWrite().withBacking(HomeBacking.of(in.home)).withLocker(in.locker);
      OpenDisks open = new OpenDisks(new ArrayList<>());
      boolean done = false;
      try {
        for (Path disk : disks) {
          open.images.add(DiskImages.open(machine.resolve(disk), DiskFormat.QCOW2, options));
        }
        done = true;
        return open;
      } finally {
        if (!done) {
          open.close();
        }
      }
    }

    @Override
    public void close() throws IOException {
      for (DiskImage image : images.reversed()) {
        image.close();
      }
    }
  }
}
