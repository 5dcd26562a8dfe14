package org.vivarium.app.desktop.images;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.control.ProgressBar;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Region;
import javafx.scene.layout.VBox;
import org.jspecify.annotations.Nullable;
import org.kordamp.ikonli.feather.Feather;
import org.vivarium.app.desktop.base.Controls;
import org.vivarium.app.desktop.base.Dialogs;
import org.vivarium.app.desktop.base.FxThread;
import org.vivarium.app.desktop.base.Ui;
import org.vivarium.app.desktop.machines.MachineModel;
import org.vivarium.app.desktop.machines.MachinesModel;
import org.vivarium.app.desktop.page.CloneDialog;
import org.vivarium.app.machines.Cloning;
import org.vivarium.images.ImageException;
import org.vivarium.images.library.DiskTree;
import org.vivarium.images.library.Templates;

/** The templates: machines are made of them, and they are deleted when nothing stands on them. */
final class TemplatesCard extends VBox {
  /** A template and how many disks of machines stand on it. */
  private record Line(Templates.Template template, int users) {}

  private final Ui ui;
  private final MachinesModel machines;
  private final Templates templates;
  private final Consumer<MachineModel> made;
  private final VBox rows = new VBox();
  private final Label step = Controls.label("", "muted", "small");
  private final ProgressBar bar = new ProgressBar();
  private final HBox working;
  private @Nullable Future<?> work;

  /**
   * @param made hears of a machine that was made of a template
   */
  TemplatesCard(Ui ui, MachinesModel machines, Path home, Consumer<MachineModel> made) {
    this.ui = ui;
    this.machines = machines;
    this.templates = new Templates(home);
    this.made = made;
    getStyleClass().addAll("card-box", "row-list");
    bar.getStyleClass().add("thin-bar");
    bar.setPrefWidth(240);
    Button cancel = Controls.button(Feather.X, ui.text("dialog.cancel"), this::cancel);
    working = Controls.row(12, bar, step, Controls.spacer(), cancel);
    working.getStyleClass().add("list-row");
    Controls.show(working, false);
    getChildren().addAll(working, rows);
  }

  /** Reads the templates anew. */
  void show() {
    ui.background()
        .call(
            this::lines,
            lines ->
                rows.getChildren()
                    .setAll(
                        lines.isEmpty() ? List.of(none()) : lines.stream().map(this::row).toList()),
            ui.errors()::report);
  }

  /** Blocks. */
  private List<Line> lines() throws ImageException {
    DiskTree tree = DiskTree.scan(templates.home());
    List<Line> lines = new ArrayList<>();
    for (Templates.Template template : templates.list()) {
      lines.add(new Line(template, tree.overFolder(template.folder()).size()));
    }
    return lines;
  }

  private Node none() {
    return ImagesView.row(Feather.LAYERS, ui.text("template.none"), ui.text("template.noneHint"));
  }

  private Node row(Line line) {
    Templates.Template template = line.template();
    HBox row =
        ImagesView.row(
            Feather.LAYERS, template.name(), ui.text("template.disks", template.disks().size()));
    Label users = Controls.label(ui.text("template.users", line.users()), "small", "muted");
    users.setMinWidth(Region.USE_PREF_SIZE);
    Button make =
        Controls.button(Feather.PLUS, ui.text("template.make"), () -> askToMake(template));
    make.setId("make-of-" + template.name());
    make.setMinWidth(Region.USE_PREF_SIZE);
    Button delete =
        Controls.iconButton(Feather.TRASH_2, ui.text("template.delete"), () -> askToDelete(line));
    row.getChildren().addAll(users, make, delete);
    return row;
  }

  private void askToMake(Templates.Template template) {
    CloneDialog.show(
        ui,
        machines,
        new CloneDialog.Words(
            ui.text("template.makeTitle", template.name()),
            ui.text("template.makeNow"),
            ui.text("template.makeHint")),
        template.name(),
        (name, full) -> make(template.name(), name, full));
  }

  private void make(String template, String name, boolean full) {
    Cloning cloning = new Cloning(templates.home(), machines.machines());
    showStep(ui.text("template.making", name), -1);
    work =
        machines.make(
            name,
            () ->
                cloning.fromTemplate(
                    template,
                    name,
                    full,
                    (what, done, total) ->
                        FxThread.run(() -> showStep(what, total > 0 ? (double) done / total : -1))),
            machine -> {
              ended();
              made.accept(machine);
            },
            thrown -> {
              boolean cancelled = work == null;
              ended();
              if (!cancelled) {
                ui.errors().report(thrown);
              }
            });
    Controls.show(working, true);
  }

  private void showStep(String words, double done) {
    step.setText(ui.passedOn(words));
    bar.setProgress(done);
  }

  private void cancel() {
    Future<?> current = work;
    work = null;
    Controls.show(working, false);
    if (current != null) {
      current.cancel(true);
    }
  }

  private void ended() {
    work = null;
    Controls.show(working, false);
    show();
  }

  private void askToDelete(Line line) {
    String name = line.template().name();
    ui.dialogs()
        .ask(
            new Dialogs.Question(
                ui.text("template.deleteTitle", name),
                ui.text("template.deleteText"),
                ui.text("template.delete"),
                true),
            () ->
                ui.background().run(() -> templates.delete(name), this::show, ui.errors()::report));
  }
}
