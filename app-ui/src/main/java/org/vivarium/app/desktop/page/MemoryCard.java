package org.vivarium.app.desktop.page;

import java.util.Optional;
import javafx.scene.control.Label;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Region;
import javafx.scene.layout.VBox;
import org.vivarium.app.desktop.base.Controls;
import org.vivarium.app.desktop.base.MeterBar;
import org.vivarium.app.desktop.base.Ui;
import org.vivarium.app.desktop.base.Units;
import org.vivarium.app.desktop.machines.MachineModel;
import org.vivarium.app.desktop.machines.Point;

/** The two memories, always together: what the guest sees and what the host pays. */
final class MemoryCard extends VBox {
  private final Ui ui;
  private final Label guestValue = Controls.label("–", "big-value");
  private final Label guestNote = Controls.label("", "muted", "small");
  private final Label hostValue = Controls.label("–", "big-value");
  private final Label hostNote = Controls.label("", "muted", "small");
  private final MeterBar guestBar = new MeterBar("series-guest", "series-caches");
  private final MeterBar hostBar = new MeterBar("series-host", "series-vmm");

  MemoryCard(Ui ui, MachineModel machine) {
    super(8);
    this.ui = ui;
    getStyleClass().add("card-box");
    getChildren()
        .addAll(
            Controls.label(ui.text("chart.memory"), "card-heading"),
            half(ui.text("memory.guest"), guestValue, guestBar, guestNote),
            half(ui.text("memory.host"), hostValue, hostBar, hostNote));
    machine.history().revision().subscribe(_ -> show(machine));
    machine.summary().subscribe(_ -> show(machine));
    machine.state().subscribe(_ -> show(machine));
  }

  private static VBox half(String what, Label value, MeterBar bar, Label note) {
    Label name = Controls.label(what, "muted");
    HBox line = Controls.row(8, name, Controls.spacer(), value);
    value.setMinWidth(Region.USE_PREF_SIZE);
    return new VBox(4, line, bar, note);
  }

  private void show(MachineModel machine) {
    Optional<Point> latest =
        MachineModel.isActive(machine.state().get())
            ? machine.history().latest()
            : Optional.empty();
    double size =
        machine.definition().map(definition -> definition.memoryMib() * 1048576.0).orElse(0.0);
    double scale = Math.max(Math.max(1, size), latest.map(Point::hostTotal).orElse(0.0));
    if (latest.isEmpty()) {
      guestValue.setText("–");
      hostValue.setText("–");
      guestNote.setText(size > 0 ? ui.text("memory.of", Units.bytes(size)) : "");
      hostNote.setText(ui.text("memory.nothing"));
      guestBar.show(0, 0);
      hostBar.show(0, 0);
      return;
    }
    Point now = latest.get();
    boolean told = !Double.isNaN(now.guestUsed());
    guestValue.setText(told ? Units.bytes(now.guestUsed()) : ui.text("memory.untold"));
    double caches = told && !Double.isNaN(now.guestCaches()) ? now.guestCaches() : 0;
    guestNote.setText(
        told
            ? ui.text("memory.guestNote", Units.bytes(now.guestTotal()), Units.bytes(caches))
            : ui.text("memory.of", Units.bytes(size)));
    guestBar.show(told ? (now.guestUsed() - caches) / scale : 0, caches / scale);
    hostValue.setText(Units.bytes(now.hostTotal()));
    hostNote.setText(
        ui.text("memory.hostNote", Units.bytes(now.hostRam()), Units.bytes(now.hostVmm())));
    hostBar.show(now.hostRam() / scale, now.hostVmm() / scale);
  }
}
