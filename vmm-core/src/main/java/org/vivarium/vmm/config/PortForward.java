package org.vivarium.vmm.config;

import java.net.InetAddress;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.vivarium.vmm.InvalidConfigException;

/**
 * A port of this computer that leads into the guest.
 *
 * @param protocol what is forwarded
 * @param hostAddress address of this computer that listens, such as 127.0.0.1; never a name
 * @param hostPort port of this computer, 1 to 65535
 * @param guestPort port in the guest, 1 to 65535
 */
public record PortForward(Protocol protocol, String hostAddress, int hostPort, int guestPort) {
  private static final int MAX_PORT = 65535;

  /** What a forward carries. */
  public enum Protocol {
    TCP,
    UDP;

    /** As command lines write it. */
    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** What two forwards cannot share. */
  record HostEnd(Protocol protocol, String address, int port) {}

  /** Checks the fields and makes the record. */
  public static PortForward of(Protocol protocol, String hostAddress, int hostPort, int guestPort)
      throws InvalidConfigException {
    PortForward forward = new PortForward(protocol, hostAddress, hostPort, guestPort);
    forward.check();
    return forward;
  }

  /**
   * Checks the fields; looks at nothing on the host.
   *
   * @throws InvalidConfigException naming the field, what was found and what is allowed
   */
  public void check() throws InvalidConfigException {
    checkPort("this computer's port", hostPort);
    checkPort("the guest's port", guestPort);
    try {
      InetAddress.ofLiteral(hostAddress);
    } catch (IllegalArgumentException e) {
      throw new InvalidConfigException(
          "Forwarded port: \"%s\" is not an IP address of this computer, such as 127.0.0.1."
              .formatted(hostAddress),
          e);
    }
  }

  static void checkDistinct(List<PortForward> forwards, Set<HostEnd> taken)
      throws InvalidConfigException {
    for (PortForward forward : forwards) {
      if (!taken.add(new HostEnd(forward.protocol, forward.hostAddress, forward.hostPort))) {
        throw new InvalidConfigException(
            "Forwarded port: %s port %d of %s is forwarded twice; choose another port."
                .formatted(forward.protocol.name(), forward.hostPort, forward.hostAddress));
      }
    }
  }

  private static void checkPort(String which, int port) throws InvalidConfigException {
    if (port < 1 || port > MAX_PORT) {
      throw new InvalidConfigException(
          "Forwarded port: %s cannot be %d; choose 1 to %d.".formatted(which, port, MAX_PORT));
    }
  }
}
