package org.vivarium.app.desktop.page;

import atlantafx.base.controls.ToggleSwitch;
import atlantafx.base.theme.Styles;
import javafx.scene.control.Button;
import javafx.scene.control.ComboBox;
import javafx.scene.control.Label;
import javafx.scene.control.TextField;
import javafx.scene.layout.VBox;
import org.kordamp.ikonli.feather.Feather;
import org.vivarium.app.desktop.base.Controls;
import org.vivarium.app.desktop.base.Field;
import org.vivarium.app.desktop.base.Ui;
import org.vivarium.app.desktop.machines.Definitions;
import org.vivarium.app.desktop.machines.MachineModel;
import org.vivarium.vmm.definition.VmDefinition;

/** A machine's definition: processors, memory, engine, description. */
final class SettingsView extends VBox {
  private static final double WIDTH = 480;

  private final Ui ui;
  private final MachineModel machine;
  private final TextField cpus = new TextField();
  private final TextField memory = new TextField();
  private final TextField description = new TextField();
  private final ComboBox<String> engine;
  private final ToggleSwitch autostart;
  private final Label when = Controls.paragraph("", "muted", "small");
  private final Button save;
  private final Field cpusField;
  private final Field memoryField;
  private boolean filling;

  SettingsView(Ui ui, MachineModel machine) {
    super(16);
    this.ui = ui;
    this.machine = machine;
    getStyleClass().addAll("page", "form");
    engine = EngineChoices.box(ui);
    autostart = new ToggleSwitch(ui.text("settings.autostart"));
    cpusField =
        new Field(ui.text("form.cpus"), cpus, "").check(() -> Sizes.cpus(ui, cpus.getText()));
    memoryField =
        new Field(ui.text("form.memory"), memory, "")
            .check(() -> Sizes.memory(ui, memory.getText()));
    cpus.setId("settings-cpus");
    memory.setId("settings-memory");
    save = Controls.button(Feather.CHECK, ui.text("settings.save"), this::save);
    save.setId("settings-save");
    save.getStyleClass().add(Styles.ACCENT);
    Button revert = Controls.button(Feather.CORNER_UP_LEFT, ui.text("settings.revert"), this::fill);
    VBox box =
        Controls.card(
            "",
            new VBox(
                4,
                Controls.halves(cpusField, memoryField),
                Controls.paragraph(ui.text("form.memoryHint"), "muted", "small")),
            new Field(ui.text("form.engine"), engine, ui.text("form.engineHint")),
            new Field(ui.text("form.description"), description, ""),
            autostart,
            when,
            Controls.row(8, save, revert));
    box.setSpacing(16);
    box.setMaxWidth(WIDTH);
    getChildren().add(box);
    cpus.textProperty().subscribe(_ -> check());
    memory.textProperty().subscribe(_ -> check());
    description.textProperty().subscribe(_ -> check());
    engine.valueProperty().subscribe(_ -> check());
    autostart.selectedProperty().subscribe(_ -> check());
    machine
        .summary()
        .subscribe(
            (before, now) -> {
              if (before == null || !before.definition().equals(now.definition())) {
                fill();
              }
            });
    machine.state().subscribe(_ -> showWhen());
    fill();
  }

  private void fill() {
    machine
        .definition()
        .ifPresent(
            definition -> {
              filling = true;
              cpus.setText(Integer.toString(definition.cpus()));
              memory.setText(Integer.toString(definition.memoryMib()));
              description.setText(definition.description());
              engine.setValue(definition.engine());
              autostart.setSelected(definition.autostart());
              filling = false;
              check();
            });
  }

  private void showWhen() {
    when.setText(
        ui.text(MachineModel.isActive(machine.state().get()) ? "settings.later" : "settings.next"));
  }

  private void check() {
    if (!filling) {
      boolean good = cpusField.validate() & memoryField.validate();
      save.setDisable(!good || machine.definition().map(this::edited).equals(machine.definition()));
    }
  }

  private VmDefinition edited(VmDefinition old) {
    boolean good = cpusField.validate() && memoryField.validate();
    return new VmDefinition(
        old.name(),
        description.getText(),
        good ? Integer.parseInt(cpus.getText().strip()) : old.cpus(),
        good ? Integer.parseInt(memory.getText().strip()) : old.memoryMib(),
        engine.getValue(),
        old.guest(),
        old.devices(),
        autostart.isSelected());
  }

  private void save() {
    if (machine.definition().isPresent()) {
      VmDefinition wanted = edited(machine.definition().get());
      machine.edit(
          now -> Definitions.withDevices(wanted, now.devices()), () -> save.setDisable(true));
    }
  }
}
