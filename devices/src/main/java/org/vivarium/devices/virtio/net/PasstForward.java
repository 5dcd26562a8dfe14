package org.vivarium.devices.virtio.net;

import java.util.Locale;
import java.util.regex.Pattern;

/**
 * A port of the host that passt leads into the guest.
 *
 * @param protocol what is forwarded
 * @param hostAddress IPv4 or IPv6 address of the host that listens, such as 127.0.0.1; no name
 * @param hostPort port of the host, 1 to 65535
 * @param guestPort port in the guest, 1 to 65535
 */
public record PasstForward(Protocol protocol, String hostAddress, int hostPort, int guestPort) {
  /** What a forward carries. */
  public enum Protocol {
    TCP("-t"),
    UDP("-u");

    private final String option;

    Protocol(String option) {
      this.option = option;
    }

    String option() {
      return option;
    }
  }

  private static final Pattern ADDRESS = Pattern.compile("[0-9a-f.:]{2,45}");

  /** Checks the ranges. */
  public PasstForward {
    if (!ADDRESS.matcher(hostAddress.toLowerCase(Locale.ROOT)).matches()) {
      throw new IllegalArgumentException("Forward address \"" + hostAddress + "\" is none");
    }
    check("host port", hostPort);
    check("guest port", guestPort);
  }

  private static void check(String field, int port) {
    if (port < 1 || port > 65535) {
      throw new IllegalArgumentException(
          "Forward " + field + " " + port + " is not from 1 to 65535");
    }
  }

  /** As passt reads it. */
  String specification() {
    return hostAddress + "/" + hostPort + ":" + guestPort;
  }
}
