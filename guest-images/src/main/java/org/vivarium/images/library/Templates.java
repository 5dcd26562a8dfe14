package org.vivarium.images.library;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.vivarium.images.DurableFiles;
import org.vivarium.images.ImageException;
import org.vivarium.images.disk.DiskImage;
import org.vivarium.images.disk.DiskImageException;
import org.vivarium.images.seed.MachineIdentity;

/**
 * Stopped machines that others are cloned from: a machine's folder, moved to {@code
 * templates/NAME/}, its disks read-only, without what made it that one machine.
 *
 * @param home the home folder
 */
public record Templates(Path home) {
  private static final Pattern NAME = Pattern.compile("[a-zA-Z0-9][a-zA-Z0-9._-]{0,63}");
  private static final List<String> OWN = List.of(MachineIdentity.FILE, "known_hosts");

  /** What a template's folder is called while it is being deleted. */
  static final String DYING = ".deleted-";

  /**
   * A template.
   *
   * @param name its name
   * @param folder where it lies; its definition is {@code vm.json} there
   * @param disks its disks, in the order of their names
   */
  public record Template(String name, Path folder, List<Path> disks) {
    /** Copies the list. */
    public Template {
      disks = List.copyOf(disks);
    }
  }

  private Path folder() {
    return home.toAbsolutePath().resolve("templates");
  }

  /**
   * Turns a stopped machine into a template of the same name. The machine is gone then.
   *
   * @throws ImageException if it runs, is not there, or the name is taken
   */
  public Template make(String machine) throws ImageException {
    Path from = home.toAbsolutePath().resolve("vms").resolve(checked(machine));
    Path to = folder().resolve(machine);
    if (!Files.isDirectory(from)) {
      throw new ImageException("There is no machine \"%s\".".formatted(machine));
    }
    if (Files.exists(to)) {
      throw new ImageException(
          "There is a template \"%s\" already; rename the machine or delete the template."
              .formatted(machine));
    }
    DiskTree.scan(home).requireUnused(from, "The machine \"%s\"".formatted(machine));
    try {
      List<Path> disks = disks(from);
      for (Path disk : disks) {
        // Opening it for writing fails while a machine has it open.
        try (DiskImage open = Disks.of(home).open(disk, HomeBacking.formatOf(disk), false)) {
          open.flush();
        }
      }
      for (Path disk : disks) {
        Files.setPosixFilePermissions(disk, PosixFilePermissions.fromString("r--r-----"));
      }
      for (String own : OWN) {
        Files.deleteIfExists(from.resolve(own));
      }
      for (String folder : List.of("boot", "state", "attached", "attached-read-only")) {
        DurableFiles.deleteFolder(from.resolve(folder));
      }
      Files.createDirectories(folder());
      Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
      DurableFiles.sync(folder());
      return new Template(machine, to, disks(to));
    } catch (DiskImageException e) {
      throw new ImageException(
          "The machine \"%s\" cannot become a template now: %s".formatted(machine, e.getMessage()),
          e);
    } catch (IOException e) {
      throw new ImageException(
          "The folder %s cannot be moved to %s; check their permissions.".formatted(from, to), e);
    }
  }

  /** The templates by name. */
  public List<Template> list() throws ImageException {
    List<Template> found = new ArrayList<>();
    if (!Files.isDirectory(folder())) {
      return found;
    }
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder())) {
      for (Path entry : entries) {
        String name = entry.getFileName().toString();
        if (Files.isDirectory(entry) && NAME.matcher(name).matches()) {
          found.add(new Template(name, entry, disks(entry)));
        }
      }
    } catch (IOException e) {
      throw new ImageException("The folder %s cannot be read.".formatted(folder()), e);
    }
    found.sort((a, b) -> a.name().compareTo(b.name()));
    return found;
  }

  /**
   * Finds a template.
   *
   * @throws ImageException if there is none of that name
   */
  public Template find(String name) throws ImageException {
    for (Template template : list()) {
      if (template.name().equals(name)) {
        return template;
      }
    }
    throw new ImageException("There is no template \"%s\".".formatted(name));
  }

  /**
   * Makes linked clones of a template's disks in a new machine's folder, under the same names but
   * with the ending ".qcow2". The folder gets no identity, so the machine makes its own.
   *
   * @param machine the machine's folder, which exists
   * @return the new disks, in the template's order
   */
  public List<Path> link(Template template, Path machine) throws ImageException {
    List<Path> made = new ArrayList<>();
    try {
      for (Path base : template.disks()) {
        String name = base.getFileName().toString().replaceFirst("\\.(raw|qcow2)$", "");
        Path overlay = machine.resolve(name + ".qcow2");
        Clones.link(home, base, HomeBacking.formatOf(base), overlay, 0);
        made.add(overlay);
      }
      return made;
    } catch (IOException e) {
      for (Path overlay : made) {
        try {
          Files.deleteIfExists(overlay);
        } catch (IOException also) {
          e.addSuppressed(also);
        }
      }
      throw new ImageException(
          "The template \"%s\" cannot be cloned: %s".formatted(template.name(), e.getMessage()), e);
    }
  }

  /**
   * Deletes a template, and what frozen disks its own alone stood on.
   *
   * @throws ImageException if clones need it, or there is none
   */
  public void delete(String name) throws ImageException {
    Template template = find(checked(name));
    DiskTree.scan(home).requireUnused(template.folder(), "The template \"%s\"".formatted(name));
    FrozenDisks frozen = new FrozenDisks(home);
    Set<Path> below = frozen.below(template.folder());
    Path dying = folder().resolve(DYING + name);
    try {
      Files.move(template.folder(), dying, StandardCopyOption.ATOMIC_MOVE);
      DurableFiles.deleteFolder(dying);
      frozen.sweep(below);
    } catch (IOException e) {
      throw new ImageException(
          "The template in %s cannot be deleted; check its permissions."
              .formatted(template.folder()),
          e);
    }
  }

  private static String checked(String name) throws ImageException {
    if (!NAME.matcher(name).matches()) {
      throw new ImageException(
          "The name \"%s\" is not possible; use letters, digits, '.', '_' and '-'."
              .formatted(name.replaceAll("\\p{Cntrl}", "?")));
    }
    return name;
  }

  private static List<Path> disks(Path folder) throws IOException {
    List<Path> disks = new ArrayList<>();
    for (Path place : List.of(folder, folder.resolve("disks"))) {
      if (Files.isDirectory(place)) {
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(place, "*.{raw,qcow2}")) {
          entries.forEach(disks::add);
        }
      }
    }
    disks.sort(null);
    return disks;
  }
}
