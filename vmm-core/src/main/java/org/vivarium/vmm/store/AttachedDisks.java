package org.vivarium.vmm.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.vivarium.images.DurableFiles;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.config.DiskConfig;

/**
 * Disks that come to a machine while it runs. Its process was confined when it started and cannot
 * open them where they lie, so whoever attaches one makes a hard link to it in a folder from which
 * the process opens disks. The process itself can make no links.
 */
public final class AttachedDisks {
  private AttachedDisks() {}

  /**
   * Links a disk.
   *
   * @return the disk by the link's name
   * @throws VmmException if that is not possible, with the remedy
   */
  public static DiskConfig link(VmFolder folder, DiskConfig disk) throws VmmException {
    disk.check();
    Path file = folder.path().resolve(disk.file());
    if (!Files.exists(file)) {
      throw new InvalidConfigException("Disk %s does not exist; create it first.".formatted(file));
    }
    // The name goes on telling the format.
    Path link = folder.attached(disk.readOnly()).resolve(disk.id() + "-" + file.getFileName());
    try {
      Files.deleteIfExists(link);
      Files.createLink(link, file.toRealPath());
    } catch (IOException e) {
      throw new VmmException(
          ("Disk %s cannot be linked into %s (%s), and the machine's process is confined to its own"
                  + " files: stop the machine, attach the disk, start it again.")
              .formatted(file, link.getParent(), HostErrors.reason(e)),
          e);
    }
    return disk.withFile(link);
  }

  /**
   * Removes the links of a machine that does not run; the disks stay.
   *
   * @throws VmmException if the host refuses
   */
  public static void clear(VmFolder folder) throws VmmException {
    try {
      DurableFiles.deleteFolder(folder.attached(false));
      DurableFiles.deleteFolder(folder.attached(true));
    } catch (IOException e) {
      throw HostErrors.refusal("The links in %s cannot be removed".formatted(folder.path()), e);
    }
  }
}
