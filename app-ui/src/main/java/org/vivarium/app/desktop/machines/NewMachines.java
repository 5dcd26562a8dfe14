package org.vivarium.app.desktop.machines;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.vivarium.app.machines.MacAddress;
import org.vivarium.vmm.config.DeviceSet;
import org.vivarium.vmm.config.NetBackend;
import org.vivarium.vmm.config.NetConfig;
import org.vivarium.vmm.config.PortForward;
import org.vivarium.vmm.config.RateLimit;
import org.vivarium.vmm.definition.GuestSource;
import org.vivarium.vmm.definition.VmDefinition;

/** Definitions of new machines with values that suit most people. */
public final class NewMachines {
  /** The catalogue's first guest. */
  public static final String TINY = "tiny";

  /** What the first click makes. */
  public static final String FIRST = "first-linux";

  private NewMachines() {}

  /** The machine that the one big button makes. */
  public static VmDefinition firstLinux(String name) {
    List<NetConfig> networks = userNetworkWorks() ? List.of(userNetwork("net0")) : List.of();
    return new VmDefinition(
        name,
        "",
        1,
        256,
        "auto",
        new GuestSource.Catalogue(TINY, ""),
        new DeviceSet(List.of(), networks, true, true, false, null),
        false);
  }

  /** A card on the user's own network. */
  public static NetConfig userNetwork(String id) {
    return userNetwork(id, List.of());
  }

  /** A card on the user's own network, with ports that lead to it. */
  public static NetConfig userNetwork(String id, List<PortForward> forwards) {
    return new NetConfig(id, new NetBackend.User(forwards), MacAddress.own(), true, RateLimit.NONE);
  }

  /** Whether passt, which the user network goes through, is installed. */
  public static boolean userNetworkWorks() {
    for (String folder : System.getenv().getOrDefault("PATH", "").split(":")) {
      if (!folder.isEmpty() && Files.isExecutable(Path.of(folder, "passt"))) {
        return true;
      }
    }
    return false;
  }
}
