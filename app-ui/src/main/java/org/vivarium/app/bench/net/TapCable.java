package org.vivarium.app.bench.net;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InterfaceAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.nio.file.Path;
import java.util.List;
import org.vivarium.app.bench.BenchException;

/**
 * A TAP interface with an IPv4 address of the host's, which both sides use in turn; QEMU with
 * vhost-net, ours as {@code VIVARIUM_VHOST} says.
 *
 * @param device the interface's name
 * @param host its address
 * @param prefix bits of its network, 8 to 30
 */
record TapCable(String device, InetAddress host, int prefix) implements Cable {
  /**
   * An interface of this computer.
   *
   * @throws BenchException if there is none of that name, or it has no address
   */
  static TapCable of(String device) throws BenchException {
    try {
      NetworkInterface found = NetworkInterface.getByName(device);
      if (found != null) {
        for (InterfaceAddress address : found.getInterfaceAddresses()) {
          if (address.getAddress() instanceof Inet4Address host
              && address.getNetworkPrefixLength() <= 30) {
            return new TapCable(device, host, address.getNetworkPrefixLength());
          }
        }
      }
    } catch (SocketException e) {
      throw new BenchException("The interface %s cannot be looked at.".formatted(device), e);
    }
    throw new BenchException(
        "There is no interface %s with an IPv4 address; make one with: ip tuntap add mode tap name %s"
                .formatted(device, device)
            + "; ip addr add 192.0.2.1/24 dev %s; ip link set %s up".formatted(device, device));
  }

  @Override
  public String setup() {
    String address = host.getHostAddress();
    int dot = address.lastIndexOf('.');
    int last = Integer.parseInt(address.substring(dot + 1));
    // What asks for an address takes the card's away first.
    return """
        until pidof udhcpc >/dev/null; do sleep 0.1; done; sleep 1; killall udhcpc
        ip addr add %s.%d/%d dev eth0
        gateway=%s
        """
        .formatted(address.substring(0, dot), neighbour(last), prefix, address);
  }

  /** Another address of the same network, even where that has but two. */
  private static int neighbour(int last) {
    return last % 4 == 1 || last % 4 == 2 ? last ^ 3 : last ^ 1;
  }

  @Override
  public String ours() {
    return "--net=tap:" + device;
  }

  @Override
  public String qemus(Path socket) {
    return "tap,id=net,ifname=" + device + ",script=no,downscript=no,vhost=on";
  }

  @Override
  public List<String> helper(Path socket) {
    return List.of();
  }

  @Override
  public String description() {
    String own = "off".equals(System.getenv("VIVARIUM_VHOST")) ? "off" : "on where it is there";
    return "TAP interface " + device + " on both sides, vhost=on for QEMU, " + own + " for ours";
  }
}
