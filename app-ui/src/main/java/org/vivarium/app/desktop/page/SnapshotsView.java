package org.vivarium.app.desktop.page;

import atlantafx.base.theme.Styles;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.control.TextField;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.VBox;
import org.kordamp.ikonli.feather.Feather;
import org.kordamp.ikonli.javafx.FontIcon;
import org.vivarium.app.desktop.base.Controls;
import org.vivarium.app.desktop.base.Dialogs;
import org.vivarium.app.desktop.base.Field;
import org.vivarium.app.desktop.base.Ui;
import org.vivarium.app.desktop.base.Units;
import org.vivarium.app.desktop.machines.MachineModel;
import org.vivarium.app.machines.MachineSnapshots;
import org.vivarium.images.library.Snapshots;
import org.vivarium.images.library.Snapshots.Snapshot;

/** A machine's snapshots: take one, go back to one, delete one. */
final class SnapshotsView extends VBox implements MachinePage.Dated {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm", Locale.ROOT);

  /** A snapshot and what it takes. */
  private record Line(Snapshot snapshot, long bytes) {}

  private final Ui ui;
  private final MachineModel machine;
  private final MachineSnapshots snapshots;
  private final VBox rows = new VBox();
  private final VBox empty;
  private final List<String> names = new ArrayList<>();

  SnapshotsView(Ui ui, MachineModel machine, MachineSnapshots snapshots) {
    super(16);
    this.ui = ui;
    this.machine = machine;
    this.snapshots = snapshots;
    getStyleClass().add("page");
    Button take = Controls.button(Feather.CAMERA, ui.text("snapshots.take"), this::askToTake);
    take.setId("take-snapshot");
    take.getStyleClass().add(Styles.ACCENT);
    take.disableProperty().bind(machine.active());
    Label off = Controls.label(ui.text("snapshots.off"), "muted");
    machine.active().subscribe(active -> Controls.show(off, active));
    FontIcon icon = new FontIcon(Feather.CAMERA);
    icon.getStyleClass().add("drop-icon");
    empty = new VBox(8, icon, Controls.paragraph(ui.text("snapshots.none"), "muted"));
    empty.getStyleClass().add("drop-place");
    rows.getStyleClass().addAll("card-box", "row-list");
    getChildren().addAll(Controls.row(16, take, off), rows, empty);
    Controls.show(rows, false);
    Controls.show(empty, false);
    sceneProperty()
        .subscribe(
            scene -> {
              if (scene != null) {
                show();
              }
            });
    machine.state().subscribe((_, _) -> show());
  }

  @Override
  public void refresh() {
    show();
  }

  private void show() {
    ui.background().call(this::lines, this::show, ui.errors()::report);
  }

  /** Blocks. */
  private List<Line> lines() throws Exception {
    List<Line> lines = new ArrayList<>();
    for (Snapshot snapshot : snapshots.list(machine.name())) {
      lines.add(new Line(snapshot, Snapshots.bytes(snapshot)));
    }
    return lines.reversed();
  }

  private void show(List<Line> lines) {
    names.clear();
    lines.forEach(line -> names.add(line.snapshot().name()));
    rows.getChildren().setAll(lines.stream().map(this::row).toList());
    Controls.show(rows, !lines.isEmpty());
    Controls.show(empty, lines.isEmpty());
  }

  private Node row(Line line) {
    Snapshot snapshot = line.snapshot();
    String when = TIME.format(LocalDateTime.ofInstant(snapshot.taken(), ZoneId.systemDefault()));
    VBox words =
        new VBox(
            2,
            Controls.label(snapshot.name(), "row-title"),
            Controls.label(
                snapshot.note().isEmpty() ? when : when + " · " + snapshot.note(),
                "muted",
                "small"));
    words.setMinWidth(0);
    HBox.setHgrow(words, Priority.ALWAYS);
    Label size =
        Controls.label(ui.text("disks.allocated", Units.bytes(line.bytes())), "small", "figures");
    Controls.describe(size, ui.text("snapshots.sizeHint"));
    Button restore =
        Controls.button(
            Feather.ROTATE_CCW, ui.text("snapshots.restore"), () -> askToRestore(snapshot));
    restore.setId("restore-" + snapshot.name());
    restore.disableProperty().bind(machine.active());
    Button remove =
        Controls.iconButton(
            Feather.TRASH_2, ui.text("snapshots.delete"), () -> askToRemove(snapshot));
    HBox row = Controls.row(16, new FontIcon(Feather.CAMERA), words, size, restore, remove);
    row.getStyleClass().add("list-row");
    return row;
  }

  private void askToTake() {
    TextField name = new TextField(freeName());
    name.setId("snapshot-name");
    TextField note = new TextField();
    Button confirm = new Button(ui.text("snapshots.takeNow"));
    confirm.setId("dialog-confirm");
    confirm.getStyleClass().add(Styles.ACCENT);
    Field field =
        Names.field(
            ui,
            ui.text("form.name"),
            name,
            confirm,
            wanted -> names.contains(wanted) ? ui.text("snapshots.taken") : "");
    confirm.setOnAction(
        _ -> {
          ui.dialogs().close();
          machine.work(
              ui.text("snapshots.taking"),
              _ -> snapshots.take(machine.name(), name.getText(), note.getText().strip()),
              this::show);
        });
    ui.dialogs()
        .show(
            ui.text("snapshots.takeTitle", machine.name()),
            confirm,
            field,
            new Field(ui.text("snapshots.note"), note, ""),
            Controls.paragraph(ui.text("snapshots.takeHint"), "muted", "small"));
  }

  private String freeName() {
    int number = 1;
    while (names.contains("snapshot-" + number)) {
      number++;
    }
    return "snapshot-" + number;
  }

  private void askToRestore(Snapshot snapshot) {
    ui.dialogs()
        .ask(
            new Dialogs.Question(
                ui.text("snapshots.restoreTitle", machine.name(), snapshot.name()),
                ui.text("snapshots.restoreText"),
                ui.text("snapshots.restore"),
                true),
            () ->
                machine.work(
                    ui.text("snapshots.restoring"),
                    _ -> snapshots.restore(machine.name(), snapshot.name()),
                    this::show));
  }

  private void askToRemove(Snapshot snapshot) {
    ui.dialogs()
        .ask(
            new Dialogs.Question(
                ui.text("snapshots.deleteTitle", snapshot.name()),
                ui.text("snapshots.deleteText"),
                ui.text("snapshots.delete"),
                true),
            () ->
                ui.background()
                    .run(
                        () -> snapshots.remove(machine.name(), snapshot.name()),
                        this::show,
                        ui.errors()::report));
  }
}
