package org.vivarium.app.machines;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.vivarium.images.ImageException;
import org.vivarium.images.Progress;
import org.vivarium.images.catalog.GuestResolver;
import org.vivarium.images.disk.BackingPolicy;
import org.vivarium.images.disk.DiskFormat;
import org.vivarium.images.disk.DiskImage;
import org.vivarium.images.disk.DiskOptions;
import org.vivarium.images.library.Clones;
import org.vivarium.images.library.FrozenDisks;
import org.vivarium.images.library.HomeBacking;
import org.vivarium.images.qcow2.DiskImages;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.config.DiskConfig;
import org.vivarium.vmm.definition.GuestSource;
import org.vivarium.vmm.disk.DiskOpener;

/**
 * Gives a machine disks with the content of another's.
 *
 * <p>A linked clone freezes the content: it moves to a base in {@code templates/}, over which both
 * machines have an overlay. So both may be started, changed and deleted without the other.
 *
 * @param home the home folder
 * @param from the stopped machine's folder
 * @param to the new machine's folder
 */
record CloneDisks(Path home, Path from, Path to) {
  /**
   * Refuses a disk that cannot be shared: the old machine's overlay takes its place and name.
   *
   * @throws VmmException naming it and the remedy
   */
  static void requireLinkable(DiskConfig disk, Path folder) throws VmmException {
    requireOwnQcow2(disk, folder, "--full copies it");
  }

  /**
   * Refuses a disk over which no overlay can take its place and name.
   *
   * @param remedy the end of the sentence
   */
  static void requireOwnQcow2(DiskConfig disk, Path folder, String remedy) throws VmmException {
    Path file = folder.resolve(disk.file()).normalize();
    if (!file.startsWith(folder)
        || HomeBacking.formatOf(file) != DiskFormat.QCOW2
        || disk.format() == org.vivarium.vmm.config.DiskFormat.RAW) {
      throw new VmmException(
          "Disk %s is not a qcow2 image in the machine's own folder; %s."
              .formatted(disk.id(), remedy));
    }
  }

  private Path target(DiskConfig disk) throws IOException {
    Path file =
        disk.file().toString().equals(GuestResolver.ROOT)
            ? to.resolve(GuestResolver.ROOT)
            : to.resolve(DiskNames.inFolder(disk.id()));
    Files.createDirectories(file.getParent());
    return file;
  }

  /** Copies a kernel that lies in the old machine's folder. */
  void copyKernel(GuestSource guest) throws IOException {
    if (guest instanceof GuestSource.Kernel(Path kernel, @Nullable Path initrd, String _)) {
      copyOwn(kernel);
      if (initrd != null) {
        copyOwn(initrd);
      }
    }
  }

  private void copyOwn(Path file) throws IOException {
    if (!file.isAbsolute()) {
      Path copy = to.resolve(file);
      Files.createDirectories(copy.getParent());
      Files.copy(from.resolve(file), copy);
    }
  }

  /** Copies a disk with all that lies below it. */
  void copy(DiskConfig disk, Progress progress) throws IOException, VmmException {
    DiskConfig located = DiskNames.located(disk, from);
    DiskFormat format = DiskFormat.valueOf(DiskOpener.formatOf(located).name());
    BackingPolicy backing = new GuestResolver(home, System.getenv()).backing();
    DiskOptions whole = DiskOptions.readOnlyAccess().withBacking(backing);
    try (DiskImage image = DiskImages.open(located.file(), format, whole)) {
      DiskCopy.write(image, target(disk), "Copying disk " + disk.id(), progress);
    }
  }

  /** Makes an overlay for each of the two machines over what the disk holds now. */
  void link(DiskConfig disk) throws IOException, ImageException {
    Path file = from.resolve(disk.file()).normalize();
    DiskOptions whole =
        DiskOptions.readWrite().withBacking(HomeBacking.of(home)).withLocker(DiskOpener.locker());
    FrozenDisks frozen = new FrozenDisks(home);
    // Opening it for writing fails while a machine has it open.
    try (DiskImage open = DiskImages.open(file, DiskFormat.QCOW2, whole)) {
      open.flush();
      frozen.alone(
          () -> {
            Path folder = frozen.begin(FrozenDisks.CLONE);
            boolean done = false;
            try {
              Path base = frozen.freeze(open, from, folder);
              Clones.overlay(home, base, DiskFormat.QCOW2, target(disk), open.size());
              done = true;
              return base;
            } finally {
              if (!done) {
                Files.deleteIfExists(target(disk));
                frozen.sweepAlone(List.of(folder));
              }
            }
          });
    }
  }

  /** Makes an overlay over a disk that nobody writes to any more. */
  void linkOver(DiskConfig disk) throws IOException {
    Path base = from.resolve(disk.file()).normalize();
    Clones.link(home, base, HomeBacking.formatOf(base), target(disk), 0);
  }
}
