package org.vivarium.app.desktop.page;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javafx.scene.Node;
import javafx.scene.control.Label;
import javafx.scene.layout.Pane;
import javafx.scene.layout.Region;
import javafx.scene.layout.VBox;
import org.jspecify.annotations.Nullable;
import org.vivarium.app.desktop.base.Controls;
import org.vivarium.app.desktop.base.Ui;
import org.vivarium.app.desktop.base.Units;
import org.vivarium.app.desktop.machines.MachineModel;
import org.vivarium.vmm.client.MachineStatus;
import org.vivarium.vmm.engine.BootStage;

/** Where the time of the boot went: one bar for each stage, one after the other. */
final class BootCard extends VBox {
  private final Ui ui;
  private final VBox rows = new VBox(8);

  BootCard(Ui ui, MachineModel machine) {
    super(8);
    this.ui = ui;
    getStyleClass().add("card-box");
    getChildren().addAll(Controls.label(ui.text("boot.heading"), "card-heading"), rows);
    machine.status().subscribe(this::show);
  }

  private void show(@Nullable MachineStatus status) {
    Map<BootStage, Long> stages = status == null ? Map.of() : status.stages();
    if (stages.isEmpty()) {
      rows.getChildren().setAll(Controls.paragraph(ui.text("boot.none"), "muted", "small"));
      return;
    }
    long total = stages.values().stream().mapToLong(Long::longValue).max().orElse(1);
    List<Node> shown = new ArrayList<>();
    long before = 0;
    for (BootStage stage : BootStage.values()) {
      Long reached = stages.get(stage);
      if (reached != null) {
        shown.add(row(stage, before, reached, Math.max(1, total)));
        before = reached;
      }
    }
    Label sum = Controls.label(Units.nanos(total), "big-value");
    boolean whole = stages.containsKey(BootStage.PROMPT);
    Label until = Controls.label(ui.text(whole ? "boot.total" : "boot.soFar"), "muted");
    if (!whole) {
      Controls.describe(until, ui.text("boot.soFar.hint"));
    }
    shown.add(Controls.row(8, until, Controls.spacer(), sum));
    rows.getChildren().setAll(shown);
  }

  private Node row(BootStage stage, long from, long to, long total) {
    Label name = Controls.label(ui.text("boot." + stage.name()), "muted", "small");
    Label time = Controls.label(Units.nanos(to - from), "small");
    time.setMinWidth(Region.USE_PREF_SIZE);
    VBox row =
        new VBox(
            2,
            Controls.row(8, name, Controls.spacer(), time),
            new Slice((double) from / total, (double) to / total));
    Controls.describe(row, ui.text("boot." + stage.name() + ".hint"));
    return row;
  }

  /** The part of the boot that a stage took. */
  private static final class Slice extends Pane {
    private static final double HEIGHT = 4;

    private final double from;
    private final double to;
    private final Region bar = new Region();

    Slice(double from, double to) {
      this.from = from;
      this.to = to;
      bar.getStyleClass().add("boot-slice");
      getStyleClass().add("meter");
      getChildren().add(bar);
      setMinHeight(HEIGHT);
      setMaxHeight(HEIGHT);
    }

    @Override
    protected void layoutChildren() {
      double start = from * getWidth();
      bar.resizeRelocate(start, 0, Math.max(2, (to - from) * getWidth()), HEIGHT);
    }
  }
}
