package org.vivarium.app.desktop.page;

import atlantafx.base.controls.ToggleSwitch;
import java.util.List;
import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.layout.HBox;
import javafx.scene.layout.VBox;
import org.kordamp.ikonli.feather.Feather;
import org.kordamp.ikonli.javafx.FontIcon;
import org.vivarium.app.desktop.base.Controls;
import org.vivarium.app.desktop.base.Ui;
import org.vivarium.app.desktop.machines.Definitions;
import org.vivarium.app.desktop.machines.MachineModel;
import org.vivarium.app.desktop.machines.NewMachines;
import org.vivarium.vmm.client.MachineConnection;
import org.vivarium.vmm.config.NetBackend;
import org.vivarium.vmm.config.NetConfig;
import org.vivarium.vmm.config.PortForward;

/** A machine's network cards: the link, and ports of this computer that lead into the guest. */
final class NetworkView extends VBox {
  private final Ui ui;
  private final MachineModel machine;
  private final VBox cards = new VBox(16);

  NetworkView(Ui ui, MachineModel machine) {
    super(16);
    this.ui = ui;
    this.machine = machine;
    getStyleClass().add("page");
    getChildren().add(cards);
    machine.summary().subscribe(_ -> show());
    machine.state().subscribe(_ -> show());
  }

  /** What a card is plugged into, in words. */
  static String backend(Ui ui, NetBackend backend) {
    return switch (backend) {
      case NetBackend.User _ -> ui.text("network.user");
      case NetBackend.Tap(String device) -> ui.text("network.tap", device);
      case NetBackend.Segment(String name) -> ui.text("network.segment", name);
      case NetBackend.None _ -> ui.text("network.nothing");
    };
  }

  private void show() {
    List<NetConfig> networks =
        machine.definition().map(definition -> definition.devices().networks()).orElse(List.of());
    if (!networks.isEmpty()) {
      cards.getChildren().setAll(networks.stream().map(this::card).toList());
      return;
    }
    VBox empty = Controls.card("", Controls.paragraph(ui.text("network.noneLong"), "muted"));
    if (machine.definition().isPresent() && NewMachines.userNetworkWorks()) {
      Button add = Controls.button(Feather.PLUS, ui.text("network.add"), this::addUserNetwork);
      empty.getChildren().add(add);
    }
    cards.getChildren().setAll(empty);
  }

  private void addUserNetwork() {
    machine.edit(
        now -> Definitions.withNetworks(now, List.of(NewMachines.userNetwork("net0"))), () -> {});
  }

  private Node card(NetConfig network) {
    ToggleSwitch link = new ToggleSwitch(ui.text("network.link"));
    link.setId("link-" + network.id());
    link.setSelected(network.linkUp());
    link.selectedProperty().subscribe((_, up) -> setLink(network, up));
    HBox head =
        Controls.row(
            12,
            new FontIcon(Feather.GLOBE),
            Controls.label(network.id(), "row-title"),
            Controls.label(backend(ui, network.backend()), "muted"),
            Controls.label(network.mac(), "muted", "small", "figures"),
            Controls.spacer(),
            link);
    VBox card = Controls.card("", head);
    if (network.backend() instanceof NetBackend.User(List<PortForward> forwards)) {
      card.getChildren().add(Controls.label(ui.text("network.forwards"), "card-heading"));
      card.getChildren()
          .add(new ForwardRows(ui, forwards, changed -> setForwards(network, changed)));
    }
    return card;
  }

  private void setLink(NetConfig network, boolean up) {
    NetConfig changed =
        new NetConfig(network.id(), network.backend(), network.mac(), up, network.limit());
    keep(changed, connection -> connection.setLink(network.id(), up));
  }

  private void setForwards(NetConfig network, List<PortForward> forwards) {
    NetConfig changed =
        new NetConfig(
            network.id(),
            new NetBackend.User(forwards),
            network.mac(),
            network.linkUp(),
            network.limit());
    keep(changed, connection -> connection.setForwards(network.id(), forwards));
  }

  private void keep(NetConfig changed, MachineModel.Command command) {
    MachineConnection connection = machine.connection().get();
    machine.edit(
        now -> {
          if (connection != null) {
            command.run(connection);
          }
          return Definitions.withNetwork(now, changed);
        },
        () -> {});
  }
}
