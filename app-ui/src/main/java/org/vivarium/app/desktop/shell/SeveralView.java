package org.vivarium.app.desktop.shell;

import atlantafx.base.theme.Styles;
import java.util.List;
import javafx.scene.control.Button;
import javafx.scene.control.ScrollPane;
import javafx.scene.layout.FlowPane;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.VBox;
import javafx.util.Subscription;
import org.jspecify.annotations.Nullable;
import org.vivarium.app.desktop.base.Controls;
import org.vivarium.app.desktop.base.Ui;
import org.vivarium.app.desktop.machines.MachineModel;
import org.vivarium.app.desktop.page.MachineAction;
import org.vivarium.app.desktop.page.MachineActions;
import org.vivarium.app.desktop.page.StateBadge;

/** Several machines at once: which they are, and what can be done with all that it fits. */
final class SeveralView extends VBox {
  private final Ui ui;
  private final MachineActions actions;
  private final List<MachineModel> machines;
  private final FlowPane buttons = new FlowPane(8, 8);
  private @Nullable Subscription subscription;

  SeveralView(Ui ui, MachineActions actions, List<MachineModel> machines) {
    super(16);
    this.ui = ui;
    this.actions = actions;
    this.machines = machines;
    getStyleClass().add("page");
    VBox rows = new VBox();
    rows.getStyleClass().addAll("card-box", "row-list");
    ScrollPane scroll = new ScrollPane(rows);
    scroll.setFitToWidth(true);
    scroll.getStyleClass().add("plain-scroll");
    VBox.setVgrow(scroll, Priority.ALWAYS);
    getChildren()
        .addAll(
            Controls.label(ui.text("several.title", machines.size()), Styles.TITLE_3),
            buttons,
            scroll);
    sceneProperty()
        .subscribe(
            scene -> {
              if (subscription != null) {
                subscription.unsubscribe();
                subscription = null;
              }
              rows.getChildren().clear();
              if (scene != null) {
                subscription =
                    machines.stream()
                        .map(machine -> row(rows, machine))
                        .reduce(Subscription.EMPTY, Subscription::and);
              }
            });
  }

  private Subscription row(VBox rows, MachineModel machine) {
    StateBadge badge = new StateBadge();
    var word = Controls.label("", "muted");
    HBox row =
        Controls.row(
            12, badge, Controls.label(machine.name(), "row-title"), Controls.spacer(), word);
    row.getStyleClass().add("list-row");
    rows.getChildren().add(row);
    return machine
        .state()
        .subscribe(
            state -> {
              badge.show(state);
              word.setText(ui.text(StateBadge.textKey(state)));
              showButtons();
            });
  }

  private void showButtons() {
    buttons.getChildren().clear();
    for (MachineAction action : MachineAction.values()) {
      long fitting = machines.stream().filter(m -> action.fits(m.state().get())).count();
      if (fitting > 0 && action.forSeveral()) {
        Button button =
            Controls.button(
                action.icon(),
                ui.text("several.action", ui.text(action.textKey()), fitting),
                () -> actions.run(action, machines));
        button.setId("several-" + action.name());
        buttons.getChildren().add(button);
      }
    }
  }
}
