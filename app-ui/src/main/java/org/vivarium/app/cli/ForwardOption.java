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
      Pattern.compile(
          "(tcp|udp):(?:(?<v4>[0-9.]+):|\\[(?<v6>[0-9A-Fa-f:.]+)]:)?(\\d{1,5}):(\\d{1,5})");

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
    return PortForward.of(
        protocol,
        v4 != null ? v4 : v6 != null ? v6 : LOOPBACK,
        Integer.parseInt(matcher.group(4)),
        Integer.parseInt(matcher.group(5)));
  }

  /** The text that {@link #parse} reads. */
  static String text(PortForward forward) {
    String address = forward.hostAddress();
    return "%s:%s:%d:%d"
        .formatted(
            forward.protocol().word(),
            address.indexOf(':') < 0 ? address : "[" + address + "]",
            forward.hostPort(),
            forward.guestPort());
  }
}
