package org.vivarium.app.desktop.shell;

import javafx.scene.control.ContextMenu;
import javafx.scene.control.Label;
import javafx.scene.control.ListCell;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Region;
import javafx.scene.layout.VBox;
import javafx.util.Subscription;
import org.jspecify.annotations.Nullable;
import org.vivarium.app.desktop.base.Controls;
import org.vivarium.app.desktop.base.Ui;
import org.vivarium.app.desktop.base.Units;
import org.vivarium.app.desktop.chart.Sparkline;
import org.vivarium.app.desktop.machines.MachineModel;
import org.vivarium.app.desktop.machines.Point;
import org.vivarium.app.desktop.page.MachineActions;
import org.vivarium.app.desktop.page.StateBadge;
import org.vivarium.vmm.client.MachineSummary.State;

/** A machine in the list: state, name, engine, and what it costs while it runs. */
final class MachineCell extends ListCell<MachineModel> {
  private static final double MARGIN = 18;

  private final Ui ui;
  private final StateBadge badge = new StateBadge();
  private final Label name = Controls.label("", "machine-name");
  private final Label word = Controls.label("", "muted", "small");
  private final Sparkline spark = new Sparkline(72, 16);
  private final Label figures = Controls.label("", "muted", "small");
  private final VBox content;
  private @Nullable Subscription subscription;

  MachineCell(Ui ui, MachineActions actions) {
    this.ui = ui;
    HBox first = Controls.row(8, badge, name, Controls.spacer(), spark);
    figures.setMinWidth(Region.USE_PREF_SIZE);
    // No gaps: the state and the engine's name are just as wide as figures leave room for.
    HBox second = Controls.row(0, word, Controls.spacer(), figures);
    second.getStyleClass().add("machine-second");
    content = new VBox(4, first, second);
    content.maxWidthProperty().bind(widthProperty().subtract(MARGIN));
    setPrefWidth(0);
    setOnContextMenuRequested(
        e -> {
          if (getItem() != null) {
            var chosen = getListView().getSelectionModel().getSelectedItems().stream().toList();
            ContextMenu menu = new ContextMenu();
            menu.getItems().setAll(actions.menu(chosen));
            menu.show(this, e.getScreenX(), e.getScreenY());
          }
        });
  }

  @Override
  protected void updateItem(@Nullable MachineModel machine, boolean empty) {
    super.updateItem(machine, empty);
    if (subscription != null) {
      subscription.unsubscribe();
      subscription = null;
    }
    if (machine == null || empty) {
      setGraphic(null);
      setAccessibleText(null);
      return;
    }
    setGraphic(content);
    name.setText(machine.name());
    subscription =
        Subscription.combine(
            machine.state().subscribe(_ -> show(machine)),
            machine.summary().subscribe(_ -> show(machine)),
            machine.history().revision().subscribe(_ -> show(machine)));
  }

  private void show(MachineModel machine) {
    State state = machine.state().get();
    badge.show(state);
    String engine =
        MachineModel.isActive(state)
            ? machine.summary().get().engine().map(id -> " · " + ui.text("engine." + id)).orElse("")
            : "";
    word.setText(ui.text(StateBadge.textKey(state)) + engine);
    boolean runs = state == State.RUNNING || state == State.PAUSED;
    Controls.show(spark, runs);
    if (runs) {
      spark.show(machine.history().points());
      figures.setText(machine.history().latest().map(MachineCell::figures).orElse(""));
    } else {
      figures.setText("");
    }
    setAccessibleText(machine.name() + ", " + word.getText() + " " + figures.getText());
  }

  private static String figures(Point point) {
    return Units.percent(point.cpu()) + " · " + Units.bytes(point.hostTotal());
  }
}
