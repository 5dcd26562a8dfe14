package org.vivarium.vmm.config;

import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.vivarium.vmm.InvalidConfigException;

/**
 * The virtio devices of a machine.
 *
 * @param disks in the order in which the guest finds them
 * @param networks in the order in which the guest finds them
 * @param rng whether it has a source of entropy
 * @param balloon whether it has a memory balloon
 * @param console whether it has a virtio console beside its serial port
 * @param stream whether the host's end of that console is a port of plain bytes, /dev/vport0p1,
 *     instead of the terminal hvc0; a definition does not keep it
 * @param vsock sockets between guest and host, or null
 */
public record DeviceSet(
    List<DiskConfig> disks,
    List<NetConfig> networks,
    boolean rng,
    boolean balloon,
    boolean console,
    boolean stream,
    @Nullable VsockConfig vsock) {
  /** Most disks of a machine, those that are attached while it runs included. */
  public static final int MAX_DISKS = 16;

  /** Most network cards of a machine. */
  public static final int MAX_NETWORKS = 8;

  /** No virtio device at all. */
  public static final DeviceSet NONE =
      new DeviceSet(List.of(), List.of(), false, false, false, null);

  /** What every engine takes for a name, with a prefix that it may need. */
  private static final Pattern ID = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,31}");

  /** Devices whose virtio console, if they have one, is a terminal. */
  public DeviceSet(
      List<DiskConfig> disks,
      List<NetConfig> networks,
      boolean rng,
      boolean balloon,
      boolean console,
      @Nullable VsockConfig vsock) {
    this(disks, networks, rng, balloon, console, false, vsock);
  }

  /** Copies the lists. */
  public DeviceSet {
    disks = List.copyOf(disks);
    networks = List.copyOf(networks);
  }

  /** A copy with other disks. */
  public DeviceSet withDisks(List<DiskConfig> others) {
    return new DeviceSet(others, networks, rng, balloon, console, stream, vsock);
  }

  /**
   * A copy with a virtio console.
   *
   * @param plain whether it is a port of plain bytes, and no terminal
   */
  public DeviceSet withConsole(boolean plain) {
    return new DeviceSet(disks, networks, rng, balloon, true, plain, vsock);
  }

  /**
   * Checks every field of every device; opens nothing.
   *
   * @throws InvalidConfigException naming the field, what was found and what is allowed
   */
  public void check() throws InvalidConfigException {
    if (disks.size() > MAX_DISKS) {
      throw new InvalidConfigException(
          "Disks: a machine has at most %d, not %d.".formatted(MAX_DISKS, disks.size()));
    }
    if (networks.size() > MAX_NETWORKS) {
      throw new InvalidConfigException(
          "Network cards: a machine has at most %d, not %d."
              .formatted(MAX_NETWORKS, networks.size()));
    }
    Set<String> ids = new HashSet<>();
    for (DiskConfig disk : disks) {
      disk.check();
      checkNew(ids, disk.id());
    }
    Set<String> macs = new HashSet<>();
    Set<PortForward.HostEnd> ports = new HashSet<>();
    for (NetConfig network : networks) {
      network.check();
      checkNew(ids, network.id());
      if (!macs.add(network.mac().toLowerCase(Locale.ROOT))) {
        throw new InvalidConfigException(
            "Network card %s: another card has the address %s already; choose another."
                .formatted(network.id(), network.mac()));
      }
      if (network.backend() instanceof NetBackend.User(List<PortForward> forwards)) {
        PortForward.checkDistinct(forwards, ports);
      }
    }
    if (vsock != null) {
      vsock.check();
    }
  }

  static void checkId(String kind, String id) throws InvalidConfigException {
    if (!ID.matcher(id).matches()) {
      throw new InvalidConfigException(
          "%s \"%s\": an id is a letter or digit and then up to 31 letters, digits, '.', '_' or '-'."
              .formatted(kind, id.replaceAll("\\p{Cntrl}", "?")));
    }
  }

  private static void checkNew(Set<String> ids, String id) throws InvalidConfigException {
    if (!ids.add(id)) {
      throw new InvalidConfigException(
          "Device id \"%s\": two devices have it; give each its own.".formatted(id));
    }
  }
}
