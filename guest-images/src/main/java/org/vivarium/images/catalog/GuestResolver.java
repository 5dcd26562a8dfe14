package org.vivarium.images.catalog;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.vivarium.images.BootImage;
import org.vivarium.images.ImageException;
import org.vivarium.images.Progress;
import org.vivarium.images.boot.DiskBoot;
import org.vivarium.images.disk.BackingPolicy;
import org.vivarium.images.disk.DiskFormat;
import org.vivarium.images.disk.DiskImage;
import org.vivarium.images.disk.DiskImageException;
import org.vivarium.images.disk.DiskOptions;
import org.vivarium.images.library.Clones;
import org.vivarium.images.library.HomeBacking;
import org.vivarium.images.qcow2.DiskImages;
import org.vivarium.images.seed.KernelSeed;
import org.vivarium.images.seed.MachineIdentity;
import org.vivarium.images.seed.NoCloudSeed;
import org.vivarium.images.ssh.SshKeys;

/**
 * Finds what a machine starts: makes the disk that it gets of a guest of the catalogue, reads the
 * kernel that is installed there, and adds what tells the guest who it is.
 *
 * <p>A machine of a guest with a disk has a disk {@value #ROOT} in its folder, a clone of the
 * guest's, beside those that its owner named.
 *
 * @param home the home folder
 * @param environment the process's environment
 */
public record GuestResolver(Path home, Map<String, String> environment) {
  /** The machine's clone of its guest's disk, qcow2. */
  public static final String ROOT = "root.qcow2";

  /** The folder, in the machine's, of kernels read from its disk and of what its guest is told. */
  public static final String CACHE = "boot";

  private static final long MIB = 1 << 20;

  /** The kernel's own limit on x86 (COMMAND_LINE_SIZE), without the NUL. */
  private static final int MAX_COMMAND_LINE = 2047;

  /** Copies the environment. */
  public GuestResolver {
    environment = Map.copyOf(environment);
  }

  /**
   * A machine that shall start.
   *
   * @param name its name
   * @param folder its folder, which exists
   */
  public record Machine(String name, Path folder) {}

  /**
   * Has a guest's image made and the machine's clone of it, unless they are there: seconds to
   * minutes for the first machine of a guest, milliseconds from then on. An interrupt cancels it.
   *
   * @throws ImageException if there is no such guest or it cannot be made
   */
  public void prepare(String entry, Machine machine, Progress progress) throws ImageException {
    Catalogue catalogue = Catalogue.open(home, environment);
    CatalogueEntry wanted = catalogue.entry(entry);
    Path root = machine.folder().resolve(ROOT);
    if (wanted.hasDisk() && !wanted.user().isEmpty()) {
      // Made here, for the machine's process may not write what tells it from others.
      MachineIdentity.of(machine.folder(), machine.name());
      SshKeys.of(home);
    }
    if (wanted.hasDisk() && Files.exists(root)) {
      // The clone names its base; that a newer image could be made is nothing to it.
      return;
    }
    PreparedGuest.Base base = catalogue.prepare(wanted, progress).base();
    if (base == null) {
      return;
    }
    long size = Math.max(base.size(), wanted.defaults().diskMib() * MIB);
    try {
      Clones.link(home, base.file(), base.format(), root, size);
    } catch (DiskImageException e) {
      throw new ImageException(String.valueOf(e.getMessage()), e);
    } catch (IOException e) {
      throw new ImageException("Cannot make the disk %s; check the free space.".formatted(root), e);
    }
  }

  /**
   * Finds what a machine of a guest of the catalogue starts; {@link #prepare} came before. No one
   * has the machine's disk open meanwhile.
   *
   * @param append added to the kernel command line; may be empty
   * @throws ImageException if the image or the machine's disk is missing or cannot be booted
   */
  public GuestFiles resolve(String entry, String append, Machine machine) throws ImageException {
    Catalogue catalogue = Catalogue.open(home, environment);
    CatalogueEntry wanted = catalogue.entry(entry);
    if (!wanted.hasDisk()) {
      BootImage image =
          catalogue
              .present(wanted)
              .map(PreparedGuest::boot)
              .orElseThrow(
                  () ->
                      new ImageException(
                          "The image of %s is missing; start the machine again to have it made."
                              .formatted(wanted.title())));
      return new GuestFiles(with(image, append), false, List.of());
    }
    Path root = machine.folder().resolve(ROOT);
    if (!Files.exists(root)) {
      throw new ImageException(
          "The machine's disk %s is missing; start the machine again to have it made."
              .formatted(root));
    }
    BootImage boot = installed(root, DiskFormat.QCOW2, machine);
    if (wanted.user().isEmpty()) {
      return new GuestFiles(with(boot, append), true, List.of());
    }
    MachineIdentity identity = MachineIdentity.of(machine.folder(), machine.name());
    List<String> keys = List.of(SshKeys.of(home).publicKey());
    if (wanted.recipe() instanceof GuestRecipe.Debian) {
      BootImage seeded = with(boot, KernelSeed.words(identity, keys));
      return new GuestFiles(with(seeded, append), true, List.of());
    }
    Path seed = NoCloudSeed.write(machine.folder().resolve(CACHE), identity, keys);
    return new GuestFiles(with(boot, append), true, List.of(seed));
  }

  /**
   * Finds the kernel that is installed on a machine's first disk, which no one has open meanwhile.
   *
   * @param append added to the kernel command line; may be empty
   * @throws ImageException if the disk cannot be read or booted, with the reason
   */
  public GuestFiles ofDisk(Path disk, DiskFormat format, String append, Machine machine)
      throws ImageException {
    return new GuestFiles(with(installed(disk, format, machine), append), false, List.of());
  }

  private BootImage installed(Path disk, DiskFormat format, Machine machine) throws ImageException {
    DiskOptions options = DiskOptions.readOnlyAccess().withBacking(backing());
    try (DiskImage image = DiskImages.open(disk, format, options)) {
      return DiskBoot.locate(image, disk.toString(), machine.folder().resolve(CACHE));
    } catch (DiskImageException e) {
      throw new ImageException(String.valueOf(e.getMessage()), e);
    } catch (IOException e) {
      throw new ImageException(
          "The kernel on the disk %s cannot be read; check its permissions and the free space."
              .formatted(disk),
          e);
    }
  }

  /** Allows what lies below a machine's disk: the home's bases, and the catalogue's own disks. */
  public BackingPolicy backing() {
    return HomeBacking.of(home, (image, name, _) -> stated(image, name));
  }

  /** A clone of a disk of the user's own: allowed if the catalogue names that disk. */
  private BackingPolicy.BackingFile stated(Path image, String name) throws IOException {
    try {
      for (CatalogueEntry entry : Catalogue.open(home, environment).entries()) {
        if (entry.recipe() instanceof GuestRecipe.Disk(Path file, DiskFormat format)
            && Files.exists(file)
            && Files.isSameFile(file, image.toAbsolutePath().resolveSibling(name))) {
          return new BackingPolicy.BackingFile(file.toRealPath(), format);
        }
      }
    } catch (ImageException e) {
      throw new DiskImageException(e.getMessage(), e);
    }
    return BackingPolicy.none().resolve(image, name, null);
  }

  private static BootImage with(BootImage image, @Nullable String words) throws ImageException {
    if (words == null || words.isBlank()) {
      return image;
    }
    String line = (image.commandLine() + " " + words.strip()).strip();
    if (line.length() > MAX_COMMAND_LINE) {
      throw new ImageException(
          "The kernel command line has %d characters, and %d are possible; shorten what is added."
              .formatted(line.length(), MAX_COMMAND_LINE));
    }
    return new BootImage(image.kernel(), image.initrd(), line, image.version());
  }
}
