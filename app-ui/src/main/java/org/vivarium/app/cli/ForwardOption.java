package org.vivarium.app.cli;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.config.PortForward;

/**
 * Reads and writes a forwarded port: {@code tcp:127.0.0.1:2222:22}, {@code tcp:2222:22}, {@code
 * udp:[::1]:5353:53}.
 */
final class ForwardOption {
  /** What a forward looks like, for a synopsis. */
  static final String LABEL = "PROTO:[ADDRESS:]PORT:GUESTPORT";

  private static final String LOOPBACK = "127.0.0.1";
  private static final Pattern FORM =
      Pattern.compile("(tcp|udp):(?:(?<v4>[0-9.]+):|\\[(?<v6>[0-9A-Fa-f:.]+)]:)?(\\d+):(\\d+)");
  private static final String V4_BYTE = "(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])";
  private static final Pattern V4 = Pattern.compile("(" + V4_BYTE + "\\.){3}" + V4_BYTE);
  private static final int MAX_PORT = 65_535;

  private ForwardOption() {}

  /**
   * Reads one forwarded port.
   *
   * @param where what the text belongs to, for the message: {@code Option --net}
   * @throws InvalidConfigException naming what is wrong and what is allowed
   */
  static PortForward parse(String where, String text) throws InvalidConfigException {
    Matcher matcher = FORM.matcher(text);
    if (!matcher.matches()) {
      throw new InvalidConfigException(
          "%s: '%s' is no forwarded port; write it as tcp:127.0.0.1:2222:22 or tcp:2222:22."
              .formatted(where, text));
    }
    PortForward.Protocol protocol =
        matcher.group(1).equals("tcp") ? PortForward.Protocol.TCP : PortForward.Protocol.UDP;
    String v4 = matcher.group("v4");
    String v6 = matcher.group("v6");
    if (v4 != null && !V4.matcher(v4).matches()) {
      throw new InvalidConfigException(
          "%s: '%s' is not an IPv4 address of this computer.".formatted(where, v4));
    }
    if (v6 != null && v6.indexOf(':') < 0) {
      throw new InvalidConfigException(
          "%s: '%s' is not an IPv6 address of this computer.".formatted(where, v6));
    }
    String address = v4 != null ? v4 : v6 != null ? v6 : LOOPBACK;
    return new PortForward(
        protocol, address, port(where, matcher.group(4)), port(where, matcher.group(5)));
  }

  private static int port(String where, String digits) throws InvalidConfigException {
    int port = digits.length() > 5 ? 0 : Integer.parseInt(digits);
    if (port < 1 || port > MAX_PORT) {
      throw new InvalidConfigException(
          "%s: port %s does not exist; choose 1 to %d.".formatted(where, digits, MAX_PORT));
    }
    return port;
  }

  /** The text that {@link #parse} reads. */
  static String text(PortForward forward) {
    String address = forward.hostAddress();
    return "%s:%s:%d:%d"
        .formatted(
            forward.protocol() == PortForward.Protocol.TCP ? "tcp" : "udp",
            address.indexOf(':') < 0 ? address : "[" + address + "]",
            forward.hostPort(),
            forward.guestPort());
  }
}
