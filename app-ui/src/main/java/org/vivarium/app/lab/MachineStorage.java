package org.vivarium.app.lab;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.vivarium.app.bench.BenchException;
import org.vivarium.images.ImageException;
import org.vivarium.images.disk.DiskFormat;
import org.vivarium.images.oci.GuestProcess;
import org.vivarium.images.oci.OciStore;
import org.vivarium.images.qcow2.Qcow2Creator;

/**
 * How machines get an image's files: its layers as read-only disks, as {@code vivarium run} gives
 * them, or an archive in the initial RAM disk where the layers' disks cannot be made. Belongs to
 * one thread.
 */
final class MachineStorage {
  /** What an instance's own disk has room for, MiB; it is sparse. */
  private static final int WRITABLE_MIB = 1024;

  private final Equipment equipment;
  private final Exec exec;
  private final Scratch scratch;

  MachineStorage(Equipment equipment, Exec exec, Scratch scratch) {
    this.equipment = equipment;
    this.exec = exec;
    this.scratch = scratch;
  }

  private boolean isLayers() {
    return equipment.form() == OciStore.Form.LAYERS;
  }

  /** The files that hold the image and that machines share. */
  private List<Path> files() throws ImageException {
    return isLayers() ? equipment.image().layers() : List.of(equipment.image().archive());
  }

  /** The disks of the layers by their serial numbers, the lowest first; none of an archive. */
  Map<String, Path> disks() throws ImageException {
    Map<String, Path> disks = new LinkedHashMap<>();
    if (isLayers()) {
      for (Path layer : files()) {
        disks.put(GuestProcess.serial(disks.size()), layer);
      }
    }
    return disks;
  }

  /** Where the guest finds the disk behind those of the layers. */
  String next() throws ImageException {
    return "/dev/vd" + (char) ('a' + disks().size());
  }

  /**
   * Makes the storage of a new instance and takes it away again.
   *
   * @param full whether the image's files are copied
   * @return nanoseconds that the making took
   */
  long create(boolean full) throws BenchException, ImageException {
    Path folder = scratch.folderIn(equipment.image().folder());
    try {
      long begun = System.nanoTime();
      if (full) {
        for (Path file : files()) {
          Files.copy(file, folder.resolve(file.getFileName()));
        }
      }
      if (isLayers()) {
        writable(folder.resolve("writable"));
      } else if (!full) {
        Path archive = equipment.image().archive();
        long size = Math.ceilDiv(Files.size(archive), 512) * 512;
        Qcow2Creator.create(
            folder.resolve("disk"),
            Qcow2Creator.Spec.of(size).over(archive.toString(), DiskFormat.RAW));
      }
      return System.nanoTime() - begun;
    } catch (IOException e) {
      throw new BenchException(
          "An instance cannot be made in %s: %s.".formatted(folder, e.getMessage()), e);
    } finally {
      scratch.delete(folder);
    }
  }

  /** As {@code vivarium run --disk-size} makes it. */
  private void writable(Path file) throws BenchException {
    exec.run(
        List.of(
            "mke2fs",
            "-q",
            "-t",
            "ext4",
            "-E",
            "lazy_itable_init=1,lazy_journal_init=1,nodiscard",
            file.toString(),
            WRITABLE_MIB + "M"));
  }

  /** What is kept on the disk, MiB by the ids of {@link Rows}. */
  Map<String, Double> sizes() throws BenchException, ImageException {
    double apparent = 0;
    double allocated = 0;
    for (Path file : files()) {
      apparent += Disk.apparent(file);
      allocated += Disk.allocated(exec, file);
    }
    Map<String, Double> sizes = new HashMap<>();
    sizes.put(Rows.PACKED.id(), equipment.image().description().packedBytes() / Disk.MIB);
    sizes.put(Rows.APPARENT.id(), apparent);
    sizes.put(Rows.ALLOCATED.id(), allocated);
    sizes.put(Rows.KERNEL.id(), Disk.apparent(equipment.tiny().kernel()));
    return sizes;
  }
}
