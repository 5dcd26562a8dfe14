package org.vivarium.app.cli;

import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.config.NetConfig;
import org.vivarium.vmm.definition.VmDefinition;
import picocli.CommandLine.Command;

/** Changes network cards; its subcommands do the work. */
@Command(
    name = NetCommand.NAME,
    description = "Change a machine's network cards, at once and for later starts.",
    synopsisSubcommandLabel = "COMMAND",
    footer = {
      "",
      "Examples:",
      "  vivarium net link web down",
      "  vivarium net forward web --add tcp:8080:80"
    })
final class NetCommand extends GroupCommand {
  static final String NAME = "net";

  /** Finds the card that a command is about. */
  static NetConfig card(VmDefinition definition, @Nullable String id)
      throws InvalidConfigException {
    List<NetConfig> cards = definition.devices().networks();
    if (id == null) {
      if (cards.size() == 1) {
        return cards.getFirst();
      }
      throw new InvalidConfigException(
          cards.isEmpty()
              ? "Machine %s has no network card.".formatted(definition.name())
              : "Option --card: machine %s has %d cards; name one, such as %s."
                  .formatted(definition.name(), cards.size(), cards.getFirst().id()));
    }
    for (NetConfig card : cards) {
      if (card.id().equals(id)) {
        return card;
      }
    }
    throw new InvalidConfigException(
        "Option --card: machine %s has no card %s; 'vivarium show %s' lists them."
            .formatted(definition.name(), id, definition.name()));
  }

  /** The definition with one card changed. */
  static VmDefinition with(VmDefinition definition, String id, UnaryOperator<NetConfig> change) {
    return Definitions.withNetworks(
        definition,
        definition.devices().networks().stream()
            .map(card -> card.id().equals(id) ? change.apply(card) : card)
            .toList());
  }
}
