package org.vivarium.vmm.process;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.vivarium.images.BootImage;
import org.vivarium.images.ImageException;
import org.vivarium.images.tiny.TinyLinux;
import org.vivarium.vmm.Folders;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.config.BootSource;
import org.vivarium.vmm.config.DeviceSet;
import org.vivarium.vmm.config.DiskConfig;
import org.vivarium.vmm.config.MachineConfig;
import org.vivarium.vmm.config.VsockConfig;
import org.vivarium.vmm.definition.GuestSource;
import org.vivarium.vmm.definition.VmDefinition;
import org.vivarium.vmm.store.SocketFolder;
import org.vivarium.vmm.store.VmFolder;

/** Makes of a definition what an engine runs: files found, relative paths resolved. */
record MachinePlan(Folders folders, VmFolder folder, SocketFolder sockets) {
  private static final long MIB = 1 << 20;

  MachineConfig config(VmDefinition definition) throws VmmException {
    DeviceSet devices = definition.devices();
    List<DiskConfig> disks = devices.disks().stream().map(this::resolve).toList();
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
        boot(definition.guest()),
        resolved);
  }

  /** A disk whose relative path is taken as relative to the machine's folder. */
  DiskConfig resolve(DiskConfig disk) {
    return new DiskConfig(
        disk.id(),
        folder.path().resolve(disk.file()),
        disk.format(),
        disk.readOnly(),
        disk.serial(),
        disk.limit());
  }

  private BootSource boot(GuestSource guest) throws VmmException {
    return switch (guest) {
      case GuestSource.Catalogue(String entry, String append) -> catalogue(entry, append);
      case GuestSource.Kernel(Path kernel, @Nullable Path initrd, String commandLine) ->
          new BootSource(
              folder.path().resolve(kernel),
              initrd == null ? null : folder.path().resolve(initrd),
              commandLine);
      case GuestSource.Disk _ ->
          throw new InvalidConfigException(
              "guest: booting the kernel that is installed on a disk is not possible yet; use a"
                  + " kernel file or the catalogue.");
    };
  }

  private BootSource catalogue(String entry, String append) throws VmmException {
    if (!entry.equals(GuestSource.TINY)) {
      throw new InvalidConfigException(
          "guest.entry: found \"%s\"; allowed is %s.".formatted(entry, GuestSource.TINY));
    }
    BootImage image;
    try {
      image =
          TinyLinux.locate(folders.images())
              .orElseThrow(
                  () ->
                      new VmmException(
                          "The image of Tiny Linux is missing in %s; start the machine again to"
                                  .formatted(folders.images())
                              + " have it made."));
    } catch (ImageException e) {
      throw new VmmException(e.getMessage(), e);
    }
    String line =
        Stream.of(image.commandLine(), append)
            .filter(words -> !words.isEmpty())
            .collect(Collectors.joining(" "));
    return new BootSource(image.kernel(), image.initrd(), line);
  }
}
