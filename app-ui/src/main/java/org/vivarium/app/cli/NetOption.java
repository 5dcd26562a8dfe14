package org.vivarium.app.cli;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.vivarium.app.machines.MacAddress;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.config.NetBackend;
import org.vivarium.vmm.config.NetConfig;
import org.vivarium.vmm.config.PortForward;

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
        case "mac=" -> mac = value.toLowerCase(Locale.ROOT);
        case "id=" -> id = OptionWords.id(NAME, value, taken);
        default ->
            throw new InvalidConfigException(
                "Option %s: '%s' is not known; after the network come forward=, mac= and id=."
                    .formatted(NAME, word));
      }
    }
    return NetConfig.of(
        id == null ? OptionWords.freeId("net", taken) : id,
        backend(words.getFirst(), forwards),
        mac == null ? MacAddress.own() : mac);
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
      return new NetBackend.Tap(network.substring(TAP.length()));
    }
    if (network.startsWith(SEGMENT)) {
      return new NetBackend.Segment(network.substring(SEGMENT.length()));
    }
    throw new InvalidConfigException(
        "Option %s: '%s' is no network; choose user, tap:DEVICE, segment:NAME or none."
            .formatted(NAME, network));
  }
}
