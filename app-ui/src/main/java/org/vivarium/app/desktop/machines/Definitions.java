package org.vivarium.app.desktop.machines;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.vivarium.vmm.config.DeviceSet;
import org.vivarium.vmm.config.DiskConfig;
import org.vivarium.vmm.config.DiskFormat;
import org.vivarium.vmm.config.NetConfig;
import org.vivarium.vmm.config.RateLimit;
import org.vivarium.vmm.definition.VmDefinition;

/** A machine's definition with one thing changed. Any thread. */
public final class Definitions {
  private Definitions() {}

  /** With other disks. */
  public static VmDefinition withDisks(VmDefinition definition, List<DiskConfig> disks) {
    DeviceSet old = definition.devices();
    return withDevices(
        definition,
        new DeviceSet(disks, old.networks(), old.rng(), old.balloon(), old.console(), old.vsock()));
  }

  /** With other network cards. */
  public static VmDefinition withNetworks(VmDefinition definition, List<NetConfig> networks) {
    DeviceSet old = definition.devices();
    return withDevices(
        definition,
        new DeviceSet(old.disks(), networks, old.rng(), old.balloon(), old.console(), old.vsock()));
  }

  /** With other devices. */
  public static VmDefinition withDevices(VmDefinition old, DeviceSet devices) {
    return new VmDefinition(
        old.name(),
        old.description(),
        old.cpus(),
        old.memoryMib(),
        old.engine(),
        old.guest(),
        devices,
        old.autostart());
  }

  /** With one card replaced by another of the same identifier. */
  public static VmDefinition withNetwork(VmDefinition definition, NetConfig changed) {
    List<NetConfig> cards = new ArrayList<>();
    for (NetConfig card : definition.devices().networks()) {
      cards.add(card.id().equals(changed.id()) ? changed : card);
    }
    return withNetworks(definition, cards);
  }

  /** A disk for {@code file} with the first identifier that is free. */
  public static DiskConfig newDisk(VmDefinition definition, Path file) {
    List<String> taken = definition.devices().disks().stream().map(DiskConfig::id).toList();
    int number = 0;
    while (taken.contains("disk" + number)) {
      number++;
    }
    return new DiskConfig("disk" + number, file, format(file), false, "", RateLimit.NONE);
  }

  private static DiskFormat format(Path file) {
    return file.toString().toLowerCase(Locale.ROOT).endsWith(".qcow2")
        ? DiskFormat.QCOW2
        : DiskFormat.RAW;
  }

  /** With or without a disk. */
  public static VmDefinition withDisk(VmDefinition definition, DiskConfig disk, boolean there) {
    List<DiskConfig> disks = new ArrayList<>(definition.devices().disks());
    disks.removeIf(old -> old.id().equals(disk.id()));
    if (there) {
      disks.add(disk);
    }
    return withDisks(definition, disks);
  }
}
