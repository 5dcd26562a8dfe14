package org.vivarium.app.desktop.page;

import atlantafx.base.controls.ToggleSwitch;
import java.util.ArrayList;
import java.util.List;
import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.control.ComboBox;
import javafx.scene.control.Label;
import javafx.scene.control.TextField;
import javafx.scene.layout.HBox;
import javafx.scene.layout.VBox;
import org.kordamp.ikonli.feather.Feather;
import org.kordamp.ikonli.javafx.FontIcon;
import org.vivarium.app.desktop.base.Controls;
import org.vivarium.app.desktop.base.Ui;
import org.vivarium.app.desktop.machines.Definitions;
import org.vivarium.app.desktop.machines.MachineModel;
import org.vivarium.app.desktop.machines.NewMachines;
import org.vivarium.vmm.config.NetBackend;
import org.vivarium.vmm.config.NetConfig;
import org.vivarium.vmm.config.PortForward;
import org.vivarium.vmm.definition.VmDefinition;

/** A machine's network cards: the link, and ports of this computer that lead into the guest. */
final class NetworkView extends VBox {
  private static final int MAX_PORT = 65_535;

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
    machine
        .definition()
        .ifPresent(
            definition ->
                machine.change(
                    Definitions.withNetworks(definition, List.of(NewMachines.userNetwork("net0"))),
                    () -> {}));
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
      card.getChildren().add(Controls.paragraph(ui.text("network.forwardsHint"), "muted", "small"));
      for (PortForward forward : forwards) {
        card.getChildren().add(forwardRow(network, forwards, forward));
      }
      card.getChildren().add(newForward(network, forwards));
    }
    return card;
  }

  private Node forwardRow(NetConfig network, List<PortForward> all, PortForward forward) {
    Label words =
        Controls.label(
            ui.text(
                "network.forward",
                forward.protocol().name(),
                forward.hostAddress(),
                forward.hostPort(),
                forward.guestPort()),
            "figures");
    HBox row =
        Controls.row(
            12,
            new FontIcon(Feather.CORNER_DOWN_RIGHT),
            words,
            Controls.spacer(),
            Controls.iconButton(
                Feather.X,
                ui.text("network.removeForward"),
                () -> {
                  List<PortForward> left = new ArrayList<>(all);
                  left.remove(forward);
                  setForwards(network, left);
                }));
    row.getStyleClass().add("list-row");
    return row;
  }

  private Node newForward(NetConfig network, List<PortForward> forwards) {
    ComboBox<PortForward.Protocol> protocol = new ComboBox<>();
    protocol.getItems().setAll(PortForward.Protocol.values());
    protocol.setValue(PortForward.Protocol.TCP);
    protocol.setAccessibleText(ui.text("network.protocol"));
    TextField host = port(ui.text("network.hostPort"));
    TextField guest = port(ui.text("network.guestPort"));
    Label wrong = Controls.label("", "field-error", "small");
    Button add = Controls.button(Feather.PLUS, ui.text("network.addForward"), () -> {});
    add.setDisable(true);
    Runnable check =
        () -> {
          boolean untouched = host.getText().isEmpty() && guest.getText().isEmpty();
          String problem = portsProblem(host.getText(), guest.getText(), forwards);
          wrong.setText(untouched ? "" : problem);
          add.setDisable(!problem.isEmpty());
        };
    host.textProperty().subscribe(check);
    guest.textProperty().subscribe(check);
    add.setOnAction(
        _ -> {
          List<PortForward> more = new ArrayList<>(forwards);
          more.add(
              new PortForward(
                  protocol.getValue(),
                  "127.0.0.1",
                  Integer.parseInt(host.getText()),
                  Integer.parseInt(guest.getText())));
          setForwards(network, more);
        });
    return new VBox(
        4, Controls.row(8, protocol, host, new FontIcon(Feather.ARROW_RIGHT), guest, add), wrong);
  }

  private static TextField port(String prompt) {
    TextField field = new TextField();
    field.setPromptText(prompt);
    field.setAccessibleText(prompt);
    field.setPrefColumnCount(12);
    return field;
  }

  private String portsProblem(String host, String guest, List<PortForward> taken) {
    if (!isPort(host) || !isPort(guest)) {
      return ui.text("network.badPort", MAX_PORT);
    }
    int wanted = Integer.parseInt(host);
    return taken.stream().anyMatch(forward -> forward.hostPort() == wanted)
        ? ui.text("network.portTaken", wanted)
        : "";
  }

  private static boolean isPort(String text) {
    return text.matches("[1-9][0-9]{0,4}") && Integer.parseInt(text) <= MAX_PORT;
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
    VmDefinition definition = machine.definition().orElse(null);
    if (definition == null) {
      return;
    }
    Runnable keep = () -> machine.change(Definitions.withNetwork(definition, changed), () -> {});
    if (machine.connection().get() == null) {
      keep.run();
    } else {
      machine.ask(command, keep);
    }
  }
}
