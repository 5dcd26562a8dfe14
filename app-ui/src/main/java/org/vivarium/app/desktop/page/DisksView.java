package org.vivarium.app.desktop.page;

import atlantafx.base.theme.Styles;
import java.io.File;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.control.TextField;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.VBox;
import javafx.stage.FileChooser;
import org.kordamp.ikonli.feather.Feather;
import org.kordamp.ikonli.javafx.FontIcon;
import org.vivarium.app.desktop.base.Controls;
import org.vivarium.app.desktop.base.Dialogs;
import org.vivarium.app.desktop.base.Field;
import org.vivarium.app.desktop.base.Ui;
import org.vivarium.app.desktop.base.Units;
import org.vivarium.app.desktop.machines.DiskCommands;
import org.vivarium.app.desktop.machines.DiskFiles;
import org.vivarium.app.desktop.machines.MachineModel;
import org.vivarium.app.machines.DiskNames;
import org.vivarium.vmm.config.DiskConfig;
import org.vivarium.vmm.config.DiskFormat;

/** A machine's disks: attach by button or by dropping a file, create, detach, resize. */
final class DisksView extends VBox implements MachinePage.Dated {
  private static final long GIB = 1L << 30;
  private static final int MOST_GIB = 65_536;

  private final Ui ui;
  private final MachineModel machine;
  private final Path home;
  private final DiskCommands commands;
  private final VBox rows = new VBox();
  private final VBox dropPlace;

  /**
   * @param home the home folder
   */
  DisksView(Ui ui, MachineModel machine, Path home) {
    super(16);
    this.home = home;
    this.ui = ui;
    this.machine = machine;
    this.commands = new DiskCommands(ui, machine);
    getStyleClass().add("page");
    Button attach = Controls.button(Feather.PAPERCLIP, ui.text("disks.attach"), this::choose);
    attach.setId("attach-disk");
    attach.getStyleClass().add(Styles.ACCENT);
    Button create = Controls.button(Feather.PLUS, ui.text("disks.create"), this::askToCreate);
    create.setId("create-disk");
    FontIcon icon = new FontIcon(Feather.HARD_DRIVE);
    icon.getStyleClass().add("drop-icon");
    dropPlace = new VBox(8, icon, Controls.paragraph(ui.text("disks.drop"), "muted"));
    dropPlace.getStyleClass().add("drop-place");
    rows.getStyleClass().addAll("card-box", "row-list");
    getChildren().addAll(Controls.row(8, attach, create), rows, dropPlace);
    machine.summary().subscribe(_ -> show());
    machine.state().subscribe(_ -> show());
    // A running machine writes: whoever comes back to this page sees how far it is.
    sceneProperty()
        .subscribe(
            (_, scene) -> {
              if (scene != null) {
                show();
              }
            });
  }

  @Override
  public void refresh() {
    show();
  }

  private void show() {
    List<DiskConfig> disks = new ArrayList<>();
    Optional<DiskConfig> root = DiskNames.root(machine.folder());
    root.ifPresent(disks::add);
    machine.definition().ifPresent(definition -> disks.addAll(definition.devices().disks()));
    rows.getChildren()
        .setAll(
            disks.stream().map(disk -> row(disk, root.filter(disk::equals).isPresent())).toList());
    Controls.show(rows, !disks.isEmpty());
  }

  private Node row(DiskConfig disk, boolean root) {
    Label name = Controls.label(disk.id(), "row-title");
    Label file = Controls.label(disk.file().toString(), "muted", "small");
    Label size = Controls.label("", "small", "figures");
    Label kind =
        Controls.label(
            ui.text(disk.format() == DiskFormat.QCOW2 ? "disks.qcow2" : "disks.raw")
                + (disk.readOnly() ? " · " + ui.text("disks.readOnly") : ""),
            "muted",
            "small");
    VBox words = new VBox(2, name, file);
    HBox.setHgrow(words, Priority.ALWAYS);
    words.setMinWidth(0);
    ui.background()
        .call(
            () -> DiskFiles.facts(home, machine.folder(), disk),
            facts -> size.setText(sizes(facts)),
            ui.errors()::report);
    HBox row = Controls.row(16, new FontIcon(Feather.HARD_DRIVE), words, kind, size);
    if (!root) {
      Button resize =
          Controls.iconButton(Feather.MAXIMIZE_2, ui.text("disks.resize"), () -> askToResize(disk));
      resize.setId("resize-" + disk.id());
      row.getChildren()
          .addAll(
              resize,
              Controls.iconButton(Feather.X, ui.text("disks.detach"), () -> askToDetach(disk)));
    }
    VBox whole = new VBox(8, row);
    whole.getStyleClass().add("list-row");
    ui.background()
        .call(
            () -> DiskFiles.map(home, machine.folder(), disk),
            map -> map.ifPresent(it -> whole.getChildren().add(new AllocationStrip(ui, it))),
            ui.errors()::report);
    return whole;
  }

  private String sizes(DiskFiles.Facts facts) {
    if (facts.allocated() < 0) {
      return ui.text("disks.missing");
    }
    return facts.size() < 0
        ? ui.text("disks.allocated", Units.bytes(facts.allocated()))
        : ui.text("disks.sizes", Units.bytes(facts.size()), Units.bytes(facts.allocated()));
  }

  private void choose() {
    FileChooser chooser = new FileChooser();
    chooser.setTitle(ui.text("disks.attach"));
    chooser
        .getExtensionFilters()
        .addAll(
            new FileChooser.ExtensionFilter(
                ui.text("disks.images"), "*.qcow2", "*.img", "*.raw", "*.iso"),
            new FileChooser.ExtensionFilter(ui.text("disks.allFiles"), "*"));
    File file = chooser.showOpenDialog(getScene().getWindow());
    if (file != null) {
      commands.attach(List.of(file.toPath()));
    }
  }

  private void askToCreate() {
    TextField name = new TextField(freeName());
    TextField gib = new TextField("8");
    gib.setId("disk-gib");
    Button confirm = new Button(ui.text("disks.createNow"));
    confirm.setId("dialog-confirm");
    confirm.getStyleClass().add(Styles.ACCENT);
    Field nameField = Names.field(ui, ui.text("disks.fileName"), name, confirm, _ -> "");
    Field sizeField = sizeField(gib, 1, ui.text("disks.sizeHint"), confirm);
    // Neither field alone opens the button; this is told after each field's own check.
    Runnable both = () -> confirm.setDisable(!(nameField.validate() & sizeField.validate()));
    name.textProperty().subscribe(both);
    gib.textProperty().subscribe(both);
    confirm.setOnAction(
        _ -> {
          ui.dialogs().close();
          commands.create(Path.of(name.getText()), bytes(gib));
        });
    ui.dialogs().show(ui.text("disks.createTitle"), confirm, nameField, sizeField);
  }

  private String freeName() {
    String name = machine.name() + ".qcow2";
    for (int i = 2; machine.folder().resolve(name).toFile().exists(); i++) {
      name = machine.name() + "-" + i + ".qcow2";
    }
    return name;
  }

  private void askToResize(DiskConfig disk) {
    ui.background()
        .call(
            () -> DiskFiles.facts(home, machine.folder(), disk),
            facts -> showResize(disk, facts.size()),
            ui.errors()::report);
  }

  private void showResize(DiskConfig disk, long now) {
    int least = Math.clamp((now + GIB - 1) / GIB, 1, MOST_GIB);
    TextField gib = new TextField(Integer.toString(least));
    gib.setId("disk-gib");
    Button confirm = new Button(ui.text("disks.resizeNow"));
    confirm.setId("dialog-confirm");
    confirm.getStyleClass().add(Styles.ACCENT);
    confirm.setOnAction(
        _ -> {
          ui.dialogs().close();
          commands.resize(disk, bytes(gib), this::show);
        });
    ui.dialogs()
        .show(
            ui.text("disks.resizeTitle", disk.id()),
            confirm,
            sizeField(gib, least, ui.text("disks.resizeHint"), confirm));
  }

  /** The field of a size in GiB; {@code confirm} is open while it is good. */
  private Field sizeField(TextField gib, int least, String hint, Button confirm) {
    Field field =
        new Field(ui.text("disks.size"), gib, hint)
            .check(
                () ->
                    Sizes.within(gib.getText(), least, MOST_GIB)
                        ? ""
                        : ui.text("form.badMemory", least, MOST_GIB));
    gib.textProperty().subscribe(_ -> confirm.setDisable(!field.validate()));
    return field;
  }

  private static long bytes(TextField gib) {
    return Long.parseLong(gib.getText().strip()) * GIB;
  }

  private void askToDetach(DiskConfig disk) {
    Optional<String> running =
        machine.active().get() ? Optional.of(ui.text("disks.detachRunning")) : Optional.empty();
    ui.dialogs()
        .ask(
            new Dialogs.Question(
                ui.text("disks.detachTitle", disk.id()),
                ui.text("disks.detachText", disk.file()) + running.map(t -> " " + t).orElse(""),
                ui.text("disks.detach"),
                running.isPresent()),
            () -> commands.detach(disk));
  }
}
