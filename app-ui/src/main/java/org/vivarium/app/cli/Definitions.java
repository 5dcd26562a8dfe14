package org.vivarium.app.cli;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.vivarium.vmm.config.DeviceSet;
import org.vivarium.vmm.config.DiskConfig;
import org.vivarium.vmm.config.NetConfig;
import org.vivarium.vmm.definition.GuestSource;
import org.vivarium.vmm.definition.VmDefinition;

/** Definitions that differ from another in one part. */
final class Definitions {
  private Definitions() {}

  static VmDefinition withDisks(VmDefinition definition, List<DiskConfig> disks) {
    DeviceSet d = definition.devices();
    return withDevices(
        definition,
        new DeviceSet(disks, d.networks(), d.rng(), d.balloon(), d.console(), d.vsock()));
  }

  static VmDefinition withNetworks(VmDefinition definition, List<NetConfig> networks) {
    DeviceSet d = definition.devices();
    return withDevices(
        definition,
        new DeviceSet(d.disks(), networks, d.rng(), d.balloon(), d.console(), d.vsock()));
  }

  private static VmDefinition withDevices(VmDefinition d, DeviceSet devices) {
    return with(d, d.guest(), devices);
  }

  static VmDefinition withGuest(VmDefinition d, GuestSource guest) {
    return with(d, guest, d.devices());
  }

  private static VmDefinition with(VmDefinition d, GuestSource guest, DeviceSet devices) {
    return new VmDefinition(
        d.name(),
        d.description(),
        d.cpus(),
        d.memoryMib(),
        d.engine(),
        guest,
        devices,
        d.autostart());
  }

  /** The identifiers of a machine's disks and cards. */
  static Set<String> deviceIds(VmDefinition definition) {
    Set<String> ids = new HashSet<>();
    definition.devices().disks().forEach(disk -> ids.add(disk.id()));
    definition.devices().networks().forEach(card -> ids.add(card.id()));
    return ids;
  }
}
