package org.vivarium.app.desktop.create;

import atlantafx.base.theme.Styles;
import java.io.File;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import javafx.application.Platform;
import javafx.beans.property.Property;
import javafx.geometry.Pos;
import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.control.CheckBox;
import javafx.scene.control.ComboBox;
import javafx.scene.control.Label;
import javafx.scene.control.RadioButton;
import javafx.scene.control.ScrollPane;
import javafx.scene.control.TextField;
import javafx.scene.control.ToggleButton;
import javafx.scene.control.ToggleGroup;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.TilePane;
import javafx.scene.layout.VBox;
import javafx.stage.FileChooser;
import org.kordamp.ikonli.feather.Feather;
import org.kordamp.ikonli.javafx.FontIcon;
import org.vivarium.app.desktop.base.Controls;
import org.vivarium.app.desktop.base.Field;
import org.vivarium.app.desktop.base.Ui;
import org.vivarium.app.desktop.base.Units;
import org.vivarium.app.desktop.machines.MachinesModel;
import org.vivarium.app.desktop.machines.NewMachines;
import org.vivarium.app.desktop.page.EngineChoices;
import org.vivarium.app.desktop.page.ForwardRows;
import org.vivarium.images.catalog.Catalogue;
import org.vivarium.images.catalog.CatalogueEntry;

/** The page of a new machine: sensible values, and what is wrong beside each field. */
public final class NewMachineView extends VBox {
  private static final double WIDTH = 760;
  private static final double TILE_WIDTH = 333;

  /** A title and three lines. */
  private static final double TILE_HEIGHT = 96;

  private static final double TILE_MARGIN = 56;

  private final Ui ui;
  private final NewMachineModel model;
  private final Button create;
  private final List<Field> fields;

  /**
   * Makes the page.
   *
   * @param machines the machines there are
   * @param done takes what was asked for
   */
  public NewMachineView(
      Ui ui, MachinesModel machines, Consumer<NewMachine> done, Runnable cancelled) {
    this.ui = ui;
    this.model = new NewMachineModel(ui, machines);
    create = Controls.button(Feather.PLAY, ui.text("new.create"), () -> {});
    create.setId("create-machine");
    create.getStyleClass().add(Styles.ACCENT);
    create.setDefaultButton(true);
    create.setOnAction(_ -> done.accept(model.wanted()));
    Button cancel = new Button(ui.text("dialog.cancel"));
    cancel.setCancelButton(true);
    cancel.setOnAction(_ -> cancelled.run());
    TextField nameText = text(model.name, "new-name");
    Field name = new Field(ui.text("form.name"), nameText, "").check(model::nameProblem);
    sceneProperty()
        .subscribe(
            scene -> {
              if (scene != null) {
                // What was clicked to come here takes the keyboard once more after this.
                Platform.runLater(nameText::requestFocus);
              }
            });
    Field description =
        new Field(ui.text("form.description"), text(model.description, "new-description"), "");
    Field cpus =
        new Field(ui.text("form.cpus"), text(model.cpus, "new-cpus"), "").check(model::cpusProblem);
    Field memory =
        new Field(ui.text("form.memory"), text(model.memory, "new-memory"), "")
            .check(model::memoryProblem);
    ComboBox<String> engines = EngineChoices.box(ui);
    engines.valueProperty().bindBidirectional(model.engine);
    Field engine = new Field(ui.text("form.engine"), engines, ui.text("form.engineHint"));
    TextField disk = text(model.diskGib, "new-disk");
    disk.disableProperty().bind(model.withDisk.not());
    Field diskField =
        new Field(ui.text("disks.size"), disk, ui.text("disks.sizeHint")).check(model::diskProblem);
    Field kernel =
        new Field(
                ui.text("form.kernel"),
                text(model.kernel, "new-kernel"),
                ui.text("form.kernelHint"))
            .check(model::kernelProblem);
    Field initrd =
        new Field(ui.text("form.initrd"), text(model.initrd, "new-initrd"), "")
            .check(model::initrdProblem);
    Field line = new Field(ui.text("form.commandLine"), text(model.commandLine, "new-line"), "");
    Label verified = Controls.paragraph("", "muted", "small");
    verified.setId("new-verified");
    Field copy = new Field(ui.text("new.disk"), diskChoice(), "").check(model::copyProblem);
    copy.setId("disk-choice");
    fields = List.of(name, cpus, memory, copy, diskField, kernel, initrd);
    VBox own = new VBox(16, pick(kernel, model.kernel), pick(initrd, model.initrd), line);
    model.guest.subscribe(
        now -> {
          Controls.show(own, now == null);
          verified.setText(now == null ? "" : ui.text("new.verified", ui.passedOn(now.verified())));
          Controls.show(verified, now != null);
          Controls.show(copy, now != null && now.hasDisk());
          check();
        });
    VBox page =
        new VBox(
            16,
            Controls.label(ui.text("new.title"), Styles.TITLE_3),
            section("new.system", systems(machines.home()), verified, copy, own),
            section(
                "new.machine",
                Controls.halves(name, description),
                Controls.halves(cpus, memory),
                engine),
            section("new.devices", tick("new.withDisk", model.withDisk), diskField),
            section("new.networkCard", networkTick(), forwards()));
    page.setMaxWidth(WIDTH);
    page.getStyleClass().addAll("page", "form");
    ScrollPane scroll = new ScrollPane(page);
    scroll.getStyleClass().add("plain-scroll");
    scroll.setFitToWidth(true);
    setVgrow(scroll, Priority.ALWAYS);
    // Always in sight, however long the form is.
    HBox foot = Controls.row(8, create, cancel);
    foot.getStyleClass().add("form-foot");
    getChildren().addAll(scroll, foot);
    check();
  }

  private VBox section(String key, Node... content) {
    VBox section = Controls.card(ui.text(key), content);
    section.setSpacing(16);
    return section;
  }

  /** The guests of the catalogue, read off the JavaFX thread, and a kernel of the owner's own. */
  private Node systems(Path home) {
    TilePane choices = new TilePane(12, 12);
    choices.setPrefColumns(2);
    choices.setPrefTileWidth(TILE_WIDTH);
    choices.setPrefTileHeight(TILE_HEIGHT);
    choices.setId("systems");
    ui.background()
        .call(
            () -> Catalogue.open(home, System.getenv()).entries(),
            entries -> {
              for (CatalogueEntry entry : entries) {
                choices.getChildren().add(choice(entry));
              }
              choices.getChildren().add(ownKernel());
              entries.stream()
                  .filter(entry -> entry.id().equals(NewMachines.TINY))
                  .findFirst()
                  .ifPresent(model::choose);
              check();
            },
            ui.errors()::report);
    ui.background().call(() -> NewMachineModel.Room.of(home), model.room::set, ui.errors()::report);
    return choices;
  }

  private ToggleButton choice(CatalogueEntry entry) {
    ToggleButton choice =
        card(
            entry.hasDisk() ? Feather.HARD_DRIVE : Feather.BOX,
            entry.title(),
            ui.passedOn(entry.description()));
    choice.setId("system-" + entry.id());
    choice.setOnAction(_ -> model.choose(entry));
    model.guest.subscribe(now -> choice.setSelected(entry.equals(now)));
    return choice;
  }

  private ToggleButton ownKernel() {
    ToggleButton choice =
        card(Feather.FILE, ui.text("system.KERNEL"), ui.text("system.KERNEL.hint"));
    choice.setId("system-kernel");
    choice.setOnAction(_ -> model.guest.set(null));
    model.guest.subscribe(now -> choice.setSelected(now == null));
    return choice;
  }

  private static ToggleButton card(Feather icon, String title, String hint) {
    Label note = Controls.label(hint, "muted", "small");
    note.setWrapText(true);
    note.setMaxWidth(TILE_WIDTH - TILE_MARGIN);
    VBox words = new VBox(2, Controls.label(title, "row-title"), note);
    words.setPrefWidth(TILE_WIDTH - TILE_MARGIN);
    words.setAlignment(Pos.CENTER_LEFT);
    ToggleButton choice = new ToggleButton();
    choice.setGraphic(Controls.row(12, new FontIcon(icon), words));
    Controls.describe(choice, title + ". " + hint);
    choice.getStyleClass().add("choice-card");
    choice.setMaxSize(Double.MAX_VALUE, Double.MAX_VALUE);
    return choice;
  }

  /** Whether the system's disk shares the image or is a copy of it. */
  private VBox diskChoice() {
    ToggleGroup group = new ToggleGroup();
    RadioButton shared = new RadioButton(ui.text("new.shared"));
    shared.setId("disk-shared");
    shared.setToggleGroup(group);
    shared.setSelected(true);
    RadioButton copied = new RadioButton(ui.text("new.copied"));
    copied.setId("disk-copied");
    copied.setToggleGroup(group);
    copied.selectedProperty().bindBidirectional(model.fullCopy);
    model.fullCopy.subscribe(_ -> check());
    Label takes = hint("");
    model.guest.subscribe(_ -> tell(takes));
    model.room.subscribe(_ -> tell(takes));
    return new VBox(
        8, new VBox(4, shared, hint(ui.text("new.sharedHint"))), new VBox(4, copied, takes));
  }

  private void tell(Label takes) {
    long bytes = model.copyBytes();
    takes.setText(
        bytes == 0
            ? ui.text("new.copiedHint")
            : ui.text("new.copiedHintBytes", Units.bytes(bytes)));
    check();
  }

  private static Label hint(String words) {
    return Controls.paragraph(words, "muted", "small", "radio-hint");
  }

  private Node pick(Field field, Property<String> target) {
    Button browse =
        Controls.iconButton(
            Feather.FOLDER,
            ui.text("form.browse"),
            () -> {
              File file = new FileChooser().showOpenDialog(getScene().getWindow());
              if (file != null) {
                target.setValue(file.toString());
              }
            });
    HBox.setHgrow(field, Priority.ALWAYS);
    HBox row = new HBox(8, field, browse);
    row.getStyleClass().add("pick-row");
    return row;
  }

  private CheckBox tick(String key, Property<Boolean> target) {
    CheckBox box = new CheckBox(ui.text(key));
    box.selectedProperty().bindBidirectional(target);
    target.subscribe(_ -> check());
    return box;
  }

  private Node networkTick() {
    CheckBox box = tick("new.network", model.network);
    if (NewMachines.userNetworkWorks()) {
      return box;
    }
    box.setDisable(true);
    return new VBox(4, box, Controls.paragraph(ui.text("new.noPasst"), "muted", "small"));
  }

  private Node forwards() {
    VBox place = new VBox();
    model.forwards.subscribe(
        now -> place.getChildren().setAll(new ForwardRows(ui, now, model.forwards::set)));
    model.network.subscribe(on -> Controls.show(place, on));
    return place;
  }

  private TextField text(Property<String> target, String id) {
    TextField field = new TextField();
    field.setId(id);
    field.textProperty().bindBidirectional(target);
    field.textProperty().subscribe(_ -> check());
    return field;
  }

  private void check() {
    if (fields == null) {
      return; // still being built
    }
    boolean good = true;
    for (Field field : fields) {
      good &= field.validate();
    }
    create.setDisable(!good);
  }
}
