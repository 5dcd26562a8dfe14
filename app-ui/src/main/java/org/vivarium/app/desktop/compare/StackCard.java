package org.vivarium.app.desktop.compare;

import java.util.Optional;
import javafx.scene.control.Label;
import javafx.scene.layout.VBox;
import org.vivarium.app.desktop.base.Controls;
import org.vivarium.app.desktop.base.Ui;
import org.vivarium.app.lab.Report;
import org.vivarium.app.lab.Side;

/** What stands between the hardware and the application on both sides, with its figures. */
final class StackCard extends VBox {
  private final Ui ui;
  private final CompareModel model;
  private final Layers layers;
  private final Label application = Controls.label("", "small");
  private final Label guest = Controls.label("", "small");
  private final Label kernel = Controls.label("", "small");
  private final Label hardware = Controls.label("", "small");

  StackCard(Ui ui, CompareModel model) {
    super(8);
    this.ui = ui;
    this.model = model;
    this.layers = new Layers(ui, model);
    setId("compare-stacks");
    getStyleClass().add("card-box");
    application();
    layers.pair(
        layers.missing("noKernel"),
        layers.layer(
            Side.MACHINE,
            "guest",
            guest,
            layers.figure("memory.seen", Side.MACHINE, "seen"),
            layers.figure("cpu.syscall", Side.MACHINE, "syscall")));
    layers.pair(
        layers.layer(
            Side.CONTAINER,
            "runtime",
            layers.figure("start.first", Side.CONTAINER, "start"),
            layers.figure("memory.runtime", Side.CONTAINER, "own")),
        layers.layer(
            Side.MACHINE,
            "monitor",
            layers.figure("start.first", Side.MACHINE, "start"),
            layers.figure("memory.runtime", Side.MACHINE, "own")));
    layers.shared(
        layers.box(
            "layer-shared",
            "host",
            kernel,
            layers.figure("calls.distinct", Side.CONTAINER, "callsContainer"),
            layers.figure("calls.distinct", Side.MACHINE, "callsMachine")));
    layers.shared(layers.box("layer-shared", "hardware", hardware));
    getChildren()
        .addAll(
            Controls.label(ui.text("compare.stacks"), "card-heading"),
            Controls.paragraph(ui.text("compare.stacks.what"), "muted", "small"),
            layers);
  }

  private void application() {
    Label same = Controls.label("", "small");
    same.textProperty().bind(application.textProperty());
    layers.pair(
        layers.layer(
            Side.CONTAINER,
            "application",
            application,
            layers.figure("memory.workload", Side.CONTAINER, "workload"),
            layers.figure("cpu.integer", Side.CONTAINER, "integer"),
            layers.figure("cpu.syscall", Side.CONTAINER, "syscallHost")),
        layers.layer(
            Side.MACHINE,
            "application",
            same,
            layers.figure("memory.workload", Side.MACHINE, "guestMemory"),
            layers.figure("cpu.integer", Side.MACHINE, "integer")));
  }

  void show() {
    layers.show();
    Optional<Report> report = model.report();
    set(application, report.map(r -> String.join(" ", r.subject().words())).orElse(""));
    set(guest, report.map(r -> ui.text("compare.release", r.subject().kernel())).orElse(""));
    String release = report.map(r -> r.host().kernel()).orElse(System.getProperty("os.version"));
    set(kernel, ui.text("compare.release", release));
    set(
        hardware,
        report
            .map(r -> ui.text("compare.processors", r.host().processor(), r.host().processors()))
            .orElse(""));
  }

  private static void set(Label label, String text) {
    label.setText(text);
    Controls.show(label, !text.isEmpty());
  }
}
