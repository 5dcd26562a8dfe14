package org.vivarium.vmm.process;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.vivarium.images.BootImage;
import org.vivarium.images.ImageException;
import org.vivarium.images.catalog.GuestFiles;
import org.vivarium.images.catalog.GuestResolver;
import org.vivarium.vmm.Folders;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.config.BootSource;
import org.vivarium.vmm.config.DeviceSet;
import org.vivarium.vmm.config.DiskConfig;
import org.vivarium.vmm.config.DiskFormat;
import org.vivarium.vmm.config.MachineConfig;
import org.vivarium.vmm.config.RateLimit;
import org.vivarium.vmm.config.VsockConfig;
import org.vivarium.vmm.definition.GuestSource;
import org.vivarium.vmm.definition.VmDefinition;
import org.vivarium.vmm.disk.DiskOpener;
import org.vivarium.vmm.store.SocketFolder;
import org.vivarium.vmm.store.VmFolder;

/** Makes of a definition what an engine runs: files found, relative paths resolved. */
record MachinePlan(Folders folders, VmFolder folder, SocketFolder sockets) {
  private static final long MIB = 1 << 20;

  /** What a machine boots, and the disks that its guest adds to its owner's. */
  private record Boot(BootSource source, List<DiskConfig> first, List<DiskConfig> last) {}

  MachineConfig config(VmDefinition definition) throws VmmException {
    DeviceSet devices = definition.devices();
    List<DiskConfig> own = devices.disks().stream().map(this::resolve).toList();
    Boot boot = boot(definition.guest(), own);
    List<DiskConfig> disks = new ArrayList<>(boot.first());
    disks.addAll(own);
    disks.addAll(boot.last());
    VsockConfig vsock = devices.vsock();
    DeviceSet resolved =
        new DeviceSet(
            disks,
            devices.networks(),
            devices.rng(),
            devices.balloon(),
            devices.console(),
            vsock == null ? null : new VsockConfig(vsock.cid(), sockets.vsock()));
    return MachineConfig.of(
        definition.name(),
        definition.cpus(),
        definition.memoryMib() * MIB,
        boot.source(),
        resolved);
  }

  /** A disk whose relative path is taken as relative to the machine's folder. */
  DiskConfig resolve(DiskConfig disk) {
    return disk.withFile(folder.path().resolve(disk.file()));
  }

  private Boot boot(GuestSource guest, List<DiskConfig> own) throws VmmException {
    GuestResolver resolver = new GuestResolver(folders.home(), System.getenv());
    GuestResolver.Machine machine = new GuestResolver.Machine(folder.name(), folder.path());
    try {
      return switch (guest) {
        case GuestSource.Catalogue(String entry, String append) ->
            found(resolver.resolve(entry, append, machine));
        case GuestSource.Kernel(Path kernel, @Nullable Path initrd, String commandLine) ->
            new Boot(
                new BootSource(
                    folder.path().resolve(kernel),
                    initrd == null ? null : folder.path().resolve(initrd),
                    commandLine),
                List.of(),
                List.of());
        case GuestSource.Disk(String append) -> {
          if (own.isEmpty()) {
            throw new InvalidConfigException(
                "guest: the machine has no disk whose kernel it could boot; add one.");
          }
          DiskConfig disk = own.getFirst();
          yield found(resolver.ofDisk(disk.file(), imageFormat(disk), append, machine));
        }
      };
    } catch (ImageException e) {
      throw new VmmException(e.getMessage(), e);
    }
  }

  private static org.vivarium.images.disk.DiskFormat imageFormat(DiskConfig disk)
      throws VmmException {
    return DiskOpener.formatOf(disk) == DiskFormat.QCOW2
        ? org.vivarium.images.disk.DiskFormat.QCOW2
        : org.vivarium.images.disk.DiskFormat.RAW;
  }

  private Boot found(GuestFiles files) {
    BootImage image = files.boot();
    Path root = folder.path().resolve(GuestResolver.ROOT);
    List<DiskConfig> first =
        files.root()
            ? List.of(new DiskConfig("root", root, DiskFormat.QCOW2, false, "root", RateLimit.NONE))
            : List.of();
    List<DiskConfig> last =
        files.seeds().stream()
            .map(seed -> new DiskConfig("seed", seed, DiskFormat.RAW, true, "seed", RateLimit.NONE))
            .toList();
    BootSource source = new BootSource(image.kernel(), image.initrd(), image.commandLine());
    return new Boot(source, first, last);
  }
}
