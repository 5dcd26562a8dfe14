package org.vivarium.app.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.vivarium.app.machines.DiskNames;
import org.vivarium.vmm.config.DiskConfig;
import org.vivarium.vmm.config.DiskFormat;
import org.vivarium.vmm.definition.GuestSource;
import org.vivarium.vmm.definition.VmDefinition;

/**
 * What stands in a machine's archive, below a folder of the machine's name: its definition, a qcow2
 * image for each disk, and a kernel and an initial RAM disk of its own.
 */
final class ArchiveNames {
  static final String DEFINITION = "vm.json";
  static final String KERNEL = "boot/kernel";
  static final String INITRD = "boot/initrd";

  private ArchiveNames() {}

  static String disk(String id) {
    return DiskNames.inFolder(id);
  }

  /** The definition as it stands in the archive: every file is one of the archive's. */
  static VmDefinition inside(VmDefinition d) {
    List<DiskConfig> disks =
        d.devices().disks().stream()
            .map(disk -> disk.withFile(Path.of(disk(disk.id())), DiskFormat.QCOW2))
            .toList();
    return Definitions.withGuest(Definitions.withDisks(d, disks), inside(d.guest()));
  }

  private static GuestSource inside(GuestSource guest) {
    return switch (guest) {
      case GuestSource.Kernel(Path _, @Nullable Path initrd, String line) ->
          new GuestSource.Kernel(Path.of(KERNEL), initrd == null ? null : Path.of(INITRD), line);
      case GuestSource.Catalogue _, GuestSource.Disk _ -> guest;
    };
  }

  /** The names that an archive of this definition has beside the definition. */
  static List<String> files(VmDefinition d) {
    List<String> files =
        new ArrayList<>(d.devices().disks().stream().map(disk -> disk(disk.id())).toList());
    if (d.guest() instanceof GuestSource.Kernel kernel) {
      files.add(KERNEL);
      if (kernel.initrd() != null) {
        files.add(INITRD);
      }
    }
    return files;
  }
}
