package org.vivarium.app.desktop.page;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.control.ComboBox;
import javafx.scene.control.Label;
import javafx.scene.control.TextField;
import javafx.scene.input.KeyCode;
import javafx.scene.layout.HBox;
import javafx.scene.layout.VBox;
import org.kordamp.ikonli.feather.Feather;
import org.kordamp.ikonli.javafx.FontIcon;
import org.vivarium.app.desktop.base.Controls;
import org.vivarium.app.desktop.base.Ui;
import org.vivarium.vmm.config.PortForward;

/** Ports of this computer that lead into a guest: a row each, and fields for one more. */
public final class ForwardRows extends VBox {
  private static final int MAX_PORT = 65_535;

  private final Ui ui;
  private final List<PortForward> forwards;
  private final Consumer<List<PortForward>> changed;

  /**
   * Shows forwards.
   *
   * @param changed takes all of them after a change; what is shown stays until it is shown anew
   */
  public ForwardRows(Ui ui, List<PortForward> forwards, Consumer<List<PortForward>> changed) {
    super(8);
    this.ui = ui;
    this.forwards = List.copyOf(forwards);
    this.changed = changed;
    getChildren().add(Controls.paragraph(ui.text("network.forwardsHint"), "muted", "small"));
    for (PortForward forward : forwards) {
      getChildren().add(row(forward));
    }
    getChildren().add(another());
  }

  private Node row(PortForward forward) {
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
                  List<PortForward> left = new ArrayList<>(forwards);
                  left.remove(forward);
                  changed.accept(left);
                }));
    row.getStyleClass().add("list-row");
    return row;
  }

  private Node another() {
    ComboBox<PortForward.Protocol> protocol = new ComboBox<>();
    protocol.getItems().setAll(PortForward.Protocol.values());
    protocol.setValue(PortForward.Protocol.TCP);
    protocol.setAccessibleText(ui.text("network.protocol"));
    TextField host = port(ui.text("network.hostPort"));
    host.setId("forward-host");
    TextField guest = port(ui.text("network.guestPort"));
    guest.setId("forward-guest");
    Label wrong = Controls.label("", "field-error", "small");
    Controls.show(wrong, false);
    Button add = Controls.button(Feather.PLUS, ui.text("network.addForward"), () -> {});
    add.setId("forward-add");
    add.setDisable(true);
    Runnable check =
        () -> {
          boolean untouched = host.getText().isEmpty() && guest.getText().isEmpty();
          String problem = problem(host.getText(), guest.getText());
          wrong.setText(problem);
          Controls.show(wrong, !untouched && !problem.isEmpty());
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
          changed.accept(more);
        });
    HBox fields = Controls.row(8, protocol, host, new FontIcon(Feather.ARROW_RIGHT), guest, add);
    // Enter adds the forward here, and does not press the page's own button.
    fields.setOnKeyPressed(
        e -> {
          if (e.getCode() == KeyCode.ENTER && !add.isDisabled()) {
            add.fire();
            e.consume();
          }
        });
    return new VBox(4, fields, wrong);
  }

  private static TextField port(String prompt) {
    TextField field = new TextField();
    field.setPromptText(prompt);
    field.setAccessibleText(prompt);
    field.setPrefColumnCount(12);
    return field;
  }

  private String problem(String host, String guest) {
    if (!isPort(host) || !isPort(guest)) {
      return ui.text("network.badPort", MAX_PORT);
    }
    int wanted = Integer.parseInt(host);
    return forwards.stream().anyMatch(forward -> forward.hostPort() == wanted)
        ? ui.text("network.portTaken", wanted)
        : "";
  }

  private static boolean isPort(String text) {
    return text.matches("[1-9][0-9]{0,4}") && Integer.parseInt(text) <= MAX_PORT;
  }
}
