package org.vivarium.app.desktop.images;

import atlantafx.base.theme.Styles;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import javafx.collections.ListChangeListener;
import javafx.geometry.Pos;
import javafx.scene.Node;
import javafx.scene.control.Label;
import javafx.scene.control.ScrollPane;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.VBox;
import org.kordamp.ikonli.feather.Feather;
import org.kordamp.ikonli.javafx.FontIcon;
import org.vivarium.app.desktop.base.Controls;
import org.vivarium.app.desktop.base.Ui;
import org.vivarium.app.desktop.base.Units;
import org.vivarium.app.desktop.machines.DiskFiles;
import org.vivarium.app.desktop.machines.MachineModel;
import org.vivarium.app.desktop.machines.MachinesModel;
import org.vivarium.vmm.config.DiskConfig;
import org.vivarium.vmm.definition.GuestSource;

/** The systems that machines boot from, and the disks that they keep their data on. */
public final class ImagesView extends ScrollPane {
  private static final double WIDTH = 880;

  private static final double FIGURE_WIDTH = 88;

  private final Ui ui;
  private final MachinesModel machines;
  private final Path home;
  private final VBox systems = new VBox();
  private final VBox disks = new VBox();
  private final TemplatesCard templates;

  /**
   * Makes the page.
   *
   * @param home the folder that holds {@code images/} and {@code templates/}
   * @param made hears of a machine that was made of a template
   */
  public ImagesView(Ui ui, MachinesModel machines, Path home, Consumer<MachineModel> made) {
    this.ui = ui;
    this.machines = machines;
    this.home = home;
    this.templates = new TemplatesCard(ui, machines, home, made);
    getStyleClass().add("plain-scroll");
    setFitToWidth(true);
    for (VBox list : List.of(systems, disks)) {
      list.getStyleClass().addAll("card-box", "row-list");
    }
    VBox page =
        new VBox(
            16,
            Controls.label(ui.text("images.title"), Styles.TITLE_3),
            Controls.paragraph(ui.text("images.hint", home.resolve("images")), "muted"),
            Controls.label(ui.text("images.templates"), "card-heading"),
            templates,
            Controls.label(ui.text("images.systems"), "card-heading"),
            systems,
            Controls.label(ui.text("images.disks"), "card-heading"),
            disks);
    page.getStyleClass().add("page");
    page.setMaxWidth(WIDTH);
    setContent(page);
    machines
        .list()
        .addListener(
            (ListChangeListener<MachineModel>)
                _ -> {
                  if (getScene() != null) {
                    show();
                  }
                });
    sceneProperty()
        .subscribe(
            scene -> {
              if (scene != null) {
                show();
              }
            });
  }

  private void show() {
    templates.show();
    ui.background()
        .call(
            () -> ImageFacts.all(home),
            found -> systems.getChildren().setAll(found.stream().map(this::system).toList()),
            ui.errors()::report);
    disks.getChildren().clear();
    for (MachineModel machine : machines.list()) {
      machine
          .definition()
          .ifPresent(
              definition -> definition.devices().disks().forEach(disk -> addDisk(machine, disk)));
    }
    if (disks.getChildren().isEmpty()) {
      disks
          .getChildren()
          .add(row(Feather.HARD_DRIVE, ui.text("images.noDisks"), ui.text("images.noDisksHint")));
    }
  }

  private Node system(ImageFacts image) {
    long users =
        machines.list().stream()
            .flatMap(machine -> machine.definition().stream())
            .filter(
                definition ->
                    definition.guest() instanceof GuestSource.Catalogue(String entry, String _)
                        && entry.equals(image.entry().id()))
            .count();
    boolean ready = image.state().ready();
    HBox row =
        row(
            image.entry().hasDisk() ? Feather.HARD_DRIVE : Feather.BOX,
            image.entry().title(),
            ui.passedOn(image.entry().description()));
    Label state =
        Controls.label(ui.text(ready ? "images.ready" : "images.notBuilt"), "small", "muted");
    long expected = image.entry().diskBytes();
    Label size =
        Controls.label(
            ready
                ? Units.bytes(image.state().bytesOnDisk())
                : expected > 0 ? ui.text("images.about", Units.bytes(expected)) : "–",
            "small",
            "figures");
    Label used = Controls.label(ui.text("images.users", users), "small", "muted");
    for (Label figure : List.of(used, state, size)) {
      figure.setMinWidth(FIGURE_WIDTH);
      figure.setAlignment(Pos.CENTER_RIGHT);
    }
    row.getChildren().addAll(used, state, size);
    return row;
  }

  private void addDisk(MachineModel machine, DiskConfig disk) {
    HBox row = row(Feather.HARD_DRIVE, machine.name() + " · " + disk.id(), disk.file().toString());
    Label size = Controls.label("", "small", "figures");
    row.getChildren().add(size);
    disks.getChildren().add(row);
    ui.background()
        .call(
            () -> DiskFiles.facts(home, machine.folder(), disk),
            facts ->
                size.setText(
                    facts.allocated() < 0
                        ? ui.text("disks.missing")
                        : facts.size() < 0
                            ? ui.text("disks.allocated", Units.bytes(facts.allocated()))
                            : ui.text(
                                "disks.sizes",
                                Units.bytes(facts.size()),
                                Units.bytes(facts.allocated()))),
            ui.errors()::report);
  }

  static HBox row(Feather icon, String title, String text) {
    Label note = Controls.paragraph(text, "muted", "small");
    VBox words = new VBox(2, Controls.label(title, "row-title"), note);
    words.setMinWidth(0);
    HBox.setHgrow(words, Priority.ALWAYS);
    HBox row = Controls.row(16, new FontIcon(icon), words);
    row.getStyleClass().add("list-row");
    return row;
  }
}
