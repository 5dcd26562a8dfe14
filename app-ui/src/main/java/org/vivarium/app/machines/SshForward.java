package org.vivarium.app.machines;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.client.MachineSummary;
import org.vivarium.vmm.client.Machines;
import org.vivarium.vmm.config.NetBackend;
import org.vivarium.vmm.config.NetConfig;
import org.vivarium.vmm.config.PortForward;
import org.vivarium.vmm.definition.VmDefinition;

/** The port of this computer that leads to a guest's ssh. */
public final class SshForward {
  private static final int GUEST_PORT = 22;
  private static final int FIRST = 2222;
  private static final int PORTS = 1000;

  private SshForward() {}

  /** Finds the port that leads to a machine's ssh, the first one if there are several. */
  public static Optional<PortForward> find(VmDefinition definition) {
    return forwards(definition).filter(SshForward::leadsToSsh).findFirst();
  }

  /** Whether it leads to where a guest's ssh listens. */
  public static boolean leadsToSsh(PortForward forward) {
    return forward.protocol() == PortForward.Protocol.TCP && forward.guestPort() == GUEST_PORT;
  }

  private static Stream<PortForward> forwards(VmDefinition definition) {
    return definition.devices().networks().stream()
        .map(NetConfig::backend)
        .flatMap(b -> b instanceof NetBackend.User(List<PortForward> f) ? f.stream() : null);
  }

  /**
   * Makes a forward from a port that nobody listens on and no other machine has.
   *
   * @throws VmmException if there is none
   */
  public static PortForward fresh(Machines machines) throws VmmException {
    Set<Integer> taken = new HashSet<>();
    for (MachineSummary machine : machines.list()) {
      machine.definition().stream()
          .flatMap(SshForward::forwards)
          .forEach(forward -> taken.add(forward.hostPort()));
    }
    for (int port = FIRST; port < FIRST + PORTS; port++) {
      if (!taken.contains(port) && isFree(port)) {
        return PortForward.of(PortForward.Protocol.TCP, "127.0.0.1", port, GUEST_PORT);
      }
    }
    throw new VmmException(
        "The ports %d to %d of this computer are all taken; choose one with --net."
            .formatted(FIRST, FIRST + PORTS - 1));
  }

  private static boolean isFree(int port) {
    try (ServerSocket socket = new ServerSocket()) {
      socket.bind(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port));
      return true;
    } catch (IOException _) {
      // Somebody listens there: the next one may be free.
      return false;
    }
  }
}
