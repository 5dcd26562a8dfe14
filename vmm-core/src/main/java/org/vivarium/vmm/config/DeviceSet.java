package org.vivarium.vmm.config;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The virtio devices of a machine.
 *
 * @param disks in the order in which the guest finds them
 * @param networks in the order in which the guest finds them
 * @param rng whether it has a source of entropy
 * @param balloon whether it has a memory balloon
 * @param console whether it has a virtio console (hvc0) beside its serial port
 * @param vsock sockets between guest and host, or null
 */
public record DeviceSet(
    List<DiskConfig> disks,
    List<NetConfig> networks,
    boolean rng,
    boolean balloon,
    boolean console,
    @Nullable VsockConfig vsock) {
  /** No virtio device at all. */
  public static final DeviceSet NONE =
      new DeviceSet(List.of(), List.of(), false, false, false, null);

  /** Copies the lists. */
  public DeviceSet {
    disks = List.copyOf(disks);
    networks = List.copyOf(networks);
  }
}
