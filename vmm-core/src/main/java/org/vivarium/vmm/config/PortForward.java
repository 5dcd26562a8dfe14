package org.vivarium.vmm.config;

/**
 * A port of this computer that leads into the guest.
 *
 * @param protocol what is forwarded
 * @param hostAddress address of this computer that listens, such as 127.0.0.1; never a name
 * @param hostPort port of this computer, 1 to 65535
 * @param guestPort port in the guest, 1 to 65535
 */
public record PortForward(Protocol protocol, String hostAddress, int hostPort, int guestPort) {
  /** What a forward carries. */
  public enum Protocol {
    TCP,
    UDP
  }
}
