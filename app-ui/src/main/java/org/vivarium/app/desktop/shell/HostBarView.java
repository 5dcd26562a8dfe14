package org.vivarium.app.desktop.shell;

import java.util.Optional;
import javafx.beans.Observable;
import javafx.beans.binding.Bindings;
import javafx.collections.FXCollections;
import javafx.collections.ListChangeListener;
import javafx.collections.ObservableList;
import javafx.scene.control.Label;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import org.vivarium.app.desktop.base.Controls;
import org.vivarium.app.desktop.base.MeterBar;
import org.vivarium.app.desktop.base.Ui;
import org.vivarium.app.desktop.base.Units;
import org.vivarium.app.desktop.machines.HostModel;
import org.vivarium.app.desktop.machines.MachineModel;

/** This computer's own load, for what a machine costs only means something beside it. */
final class HostBarView extends HBox {
  private final Ui ui;
  private final Label cpu = Controls.label("", "small");
  private final Label memory = Controls.label("", "small");
  private final Label engine = Controls.label("", "small", "muted");
  private final Label counts = Controls.label("", "small", "muted");
  private final MeterBar cpuBar = bar();
  private final MeterBar memoryBar = bar();

  HostBarView(DeskModel desk) {
    super(8);
    this.ui = desk.ui();
    getStyleClass().add("host-bar");
    HBox cpuGroup =
        Controls.row(8, Controls.label(ui.text("host.cpu"), "small", "muted"), cpuBar, cpu);
    HBox memoryGroup =
        Controls.row(
            8, Controls.label(ui.text("host.memory"), "small", "muted"), memoryBar, memory);
    HBox row =
        Controls.row(
            24,
            Controls.label(ui.text("host.this"), "small", "muted"),
            cpuGroup,
            memoryGroup,
            engine,
            Controls.spacer(),
            counts);
    HBox.setHgrow(row, Priority.ALWAYS);
    getChildren().add(row);
    desk.host().load().subscribe(this::show);
    desk.host()
        .engine()
        .subscribe(
            decision -> {
              engine.setText(decision.map(d -> ui.text("host.engine." + d.engine())).orElse(""));
              decision.ifPresent(d -> Controls.describe(engine, ui.passedOn(d.reason())));
            });
    ObservableList<MachineModel> states =
        FXCollections.observableArrayList(machine -> new Observable[] {machine.state()});
    Bindings.bindContent(states, desk.machines().list());
    states.addListener((ListChangeListener<MachineModel>) _ -> count(states));
    getProperties().put("states", states);
    count(states);
  }

  private static MeterBar bar() {
    MeterBar bar = new MeterBar("host-part");
    bar.setMinWidth(72);
    return bar;
  }

  private void count(ObservableList<MachineModel> machines) {
    long running = machines.stream().filter(m -> MachineModel.isActive(m.state().get())).count();
    counts.setText(ui.text("host.counts", running, machines.size() - running));
  }

  private void show(HostModel.Load load) {
    Optional.ofNullable(load)
        .ifPresent(
            now -> {
              cpuBar.show(Math.max(0, now.busy()));
              String cores = now.cores() == 1 ? "host.core" : "host.cores";
              cpu.setText(ui.text(cores, Math.round(Math.max(0, now.busy()) * 100), now.cores()));
              memoryBar.show((double) now.memoryUsed() / Math.max(1, now.memoryTotal()));
              memory.setText(
                  ui.text(
                      "host.memoryOf",
                      Units.bytes(now.memoryUsed()),
                      Units.bytes(now.memoryTotal())));
            });
  }
}
