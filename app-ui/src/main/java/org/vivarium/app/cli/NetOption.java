package org.vivarium.app.cli;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.config.NetBackend;
import org.vivarium.vmm.config.NetConfig;
import org.vivarium.vmm.config.PortForward;
import org.vivarium.vmm.config.RateLimit;

/**
 * Reads a network card as the command line words it: {@code user,forward=tcp:2222:22}, {@code
 * tap:NAME}, {@code segment:NAME} or {@code none}.
 */
final class NetOption {
  static final String NAME = "--net";

  /** What stands behind the option in a synopsis. */
  static final String LABEL = "NETWORK[,WORD...]";

  /** What the option means. */
  static final String HELP =
      "A network card; may be given several times. NETWORK: user (NAT, no root), tap:DEVICE,"
          + " segment:NAME (machines of one name see each other), or none (no cable). Words:"
          + " forward="
          + ForwardOption.LABEL
          + " for user, mac=ADDRESS, id=NAME.";

  private static final String TAP = "tap:";
  private static final String SEGMENT = "segment:";
  private static final Pattern MAC = Pattern.compile("[0-9a-f]{2}(:[0-9a-f]{2}){5}");

  /** IFNAMSIZ leaves 15 characters (netdevice(7)). */
  private static final Pattern DEVICE = Pattern.compile("[^\\s/:,]{1,15}");

  private static final Pattern SEGMENT_NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,31}");

  /** The bit of an address's first byte that says several receivers (IEEE 802, 8.2.2). */
  private static final int MULTICAST = 1;

  private NetOption() {}

  /**
   * Reads every card of a machine, which the guest finds in this order.
   *
   * @param texts what was given, or null where nothing was
   */
  static List<NetConfig> parse(@Nullable List<String> texts) throws InvalidConfigException {
    List<NetConfig> cards = new ArrayList<>();
    Set<String> taken = new HashSet<>();
    for (String text : texts == null ? List.<String>of() : texts) {
      NetConfig card = parse(text, taken);
      cards.add(card);
      taken.add(card.id());
    }
    return cards;
  }

  /**
   * Reads one card. Without {@code mac=} it gets an address of its own, locally administered.
   *
   * @param taken identifiers of the machine's other devices
   * @throws InvalidConfigException naming the word that is wrong and what is allowed
   */
  static NetConfig parse(String text, Collection<String> taken) throws InvalidConfigException {
    List<String> words = OptionWords.split(text);
    List<PortForward> forwards = new ArrayList<>();
    String mac = null;
    String id = null;
    for (String word : words.subList(1, words.size())) {
      int equals = word.indexOf('=');
      String key = equals < 0 ? word : word.substring(0, equals + 1);
      String value = word.substring(equals + 1);
      switch (key) {
        case "forward=" -> forwards.add(ForwardOption.parse("Option " + NAME, value));
        case "mac=" -> mac = mac(value);
        case "id=" -> id = OptionWords.id(NAME, value, taken);
        default ->
            throw new InvalidConfigException(
                "Option %s: '%s' is not known; after the network come forward=, mac= and id=."
                    .formatted(NAME, word));
      }
    }
    return new NetConfig(
        id == null ? OptionWords.freeId("net", taken) : id,
        backend(words.getFirst(), forwards),
        mac == null ? ownAddress() : mac,
        true,
        RateLimit.NONE);
  }

  private static NetBackend backend(String network, List<PortForward> forwards)
      throws InvalidConfigException {
    if (network.equals("user")) {
      return new NetBackend.User(List.copyOf(forwards));
    }
    if (!forwards.isEmpty()) {
      throw new InvalidConfigException(
          "Option %s: forward= goes with user; '%s' forwards nothing.".formatted(NAME, network));
    }
    if (network.equals("none")) {
      return new NetBackend.None();
    }
    if (network.startsWith(TAP)) {
      return new NetBackend.Tap(matching(DEVICE, network.substring(TAP.length()), "a TAP device"));
    }
    if (network.startsWith(SEGMENT)) {
      return new NetBackend.Segment(
          matching(SEGMENT_NAME, network.substring(SEGMENT.length()), "a segment"));
    }
    throw new InvalidConfigException(
        "Option %s: '%s' is no network; choose user, tap:DEVICE, segment:NAME or none."
            .formatted(NAME, network));
  }

  private static String matching(Pattern pattern, String name, String what)
      throws InvalidConfigException {
    if (!pattern.matcher(name).matches()) {
      throw new InvalidConfigException(
          "Option %s: '%s' cannot be the name of %s.".formatted(NAME, name, what));
    }
    return name;
  }

  private static String mac(String value) throws InvalidConfigException {
    String mac = value.toLowerCase(Locale.ROOT);
    if (!MAC.matcher(mac).matches()) {
      throw new InvalidConfigException(
          "Option %s: mac=%s is no address; write it as 02:12:34:56:78:9a.".formatted(NAME, value));
    }
    if ((Integer.parseInt(mac, 0, 2, 16) & MULTICAST) != 0) {
      throw new InvalidConfigException(
          "Option %s: mac=%s is a group's address; the first byte must be even."
              .formatted(NAME, value));
    }
    return mac;
  }

  /** A random address with the bit set that says it was not bought (IEEE 802, 8.2.2). */
  static String ownAddress() {
    long random = ThreadLocalRandom.current().nextLong();
    StringBuilder mac = new StringBuilder("02");
    for (int i = 0; i < 5; i++) {
      mac.append(':').append("%02x".formatted((random >>> (8 * i)) & 0xFF));
    }
    return mac.toString();
  }
}
