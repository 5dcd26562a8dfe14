package org.vivarium.app.desktop.page;

import java.util.ArrayList;
import java.util.List;
import javafx.beans.property.ObjectProperty;
import javafx.scene.Node;
import javafx.scene.control.Hyperlink;
import javafx.scene.control.Label;
import javafx.scene.control.ScrollPane;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.StackPane;
import javafx.scene.layout.VBox;
import org.jspecify.annotations.Nullable;
import org.vivarium.app.desktop.base.Controls;
import org.vivarium.app.desktop.base.Ui;
import org.vivarium.app.desktop.chart.ChartClock;
import org.vivarium.app.desktop.chart.TimeChart;
import org.vivarium.app.desktop.machines.MachineModel;
import org.vivarium.app.machines.DiskNames;
import org.vivarium.vmm.config.DiskConfig;
import org.vivarium.vmm.config.NetConfig;
import org.vivarium.vmm.definition.VmDefinition;

/** A machine at a glance: what it does, what it costs, how it booted, its console and devices. */
final class OverviewView extends VBox {
  private static final double TOP_HEIGHT = 196;
  private static final double SIDE_WIDTH = 264;

  private final Ui ui;
  private final MachineModel machine;
  private final ObjectProperty<MachinePage.Part> part;
  private final StackPane consolePlace = new StackPane();
  private final VBox devicesBox = Controls.card("");

  OverviewView(Ui ui, MachineModel machine, ObjectProperty<MachinePage.Part> part) {
    super(16);
    this.ui = ui;
    this.machine = machine;
    this.part = part;
    getStyleClass().add("page");
    TimeChart cpu =
        new TimeChart(Charts.cpu(ui), Charts.cpuSeries(ui), machine.history(), new ChartClock());
    VBox memory = new MemoryCard(ui, machine);
    VBox boot = new BootCard(ui, machine);
    HBox top = new HBox(16, cpu, memory, boot);
    for (VBox card : List.of(cpu, memory, boot)) {
      card.setMinWidth(0);
      card.setPrefWidth(100);
      HBox.setHgrow(card, Priority.ALWAYS);
    }
    boot.setPrefWidth(60);
    memory.setPrefWidth(70);
    top.setMinHeight(TOP_HEIGHT);
    top.setPrefHeight(TOP_HEIGHT);
    consolePlace.getStyleClass().add("overview-console");
    consolePlace.setMinSize(0, 160);
    HBox.setHgrow(consolePlace, Priority.ALWAYS);
    devicesBox.setSpacing(16);
    ScrollPane scroll = new ScrollPane(devicesBox);
    scroll.setFitToWidth(true);
    scroll.getStyleClass().add("plain-scroll");
    scroll.setMinWidth(SIDE_WIDTH);
    scroll.setPrefWidth(SIDE_WIDTH);
    HBox bottom = new HBox(16, consolePlace, scroll);
    VBox.setVgrow(bottom, Priority.ALWAYS);
    getChildren().addAll(top, bottom);
    machine.summary().subscribe(_ -> showDevices());
    machine.status().subscribe(_ -> showDevices());
  }

  /** Puts the terminal here; null takes it away. */
  void place(@Nullable Node console) {
    if (console == null) {
      consolePlace.getChildren().clear();
    } else {
      consolePlace.getChildren().setAll(console);
    }
  }

  private void showDevices() {
    devicesBox.getChildren().setAll(machinePart());
    machine
        .definition()
        .ifPresent(definition -> devicesBox.getChildren().addAll(devices(definition)));
  }

  private Node machinePart() {
    var status = machine.status().get();
    VBox card = new VBox(8, Controls.label(ui.text("overview.machine"), "card-heading"));
    machine
        .definition()
        .ifPresent(
            definition -> {
              card.getChildren()
                  .add(
                      fact(
                          ui.text("overview.size"),
                          ui.text("overview.sizeOf", definition.cpus(), definition.memoryMib())));
              card.getChildren().add(fact(ui.text("overview.system"), Guests.name(ui, definition)));
            });
    if (status != null) {
      Node engine = fact(ui.text("overview.engine"), ui.text("engine." + status.engine()));
      Controls.describe(engine, ui.passedOn(status.engineReason()));
      card.getChildren().add(engine);
      status
          .address()
          .ifPresent(address -> card.getChildren().add(fact(ui.text("overview.address"), address)));
    }
    return card;
  }

  private List<Node> devices(VmDefinition definition) {
    VBox disks = new VBox(8, linked("part.DISKS", MachinePage.Part.DISKS));
    List<DiskConfig> all = new ArrayList<>();
    DiskNames.root(machine.folder()).ifPresent(all::add);
    all.addAll(definition.devices().disks());
    for (DiskConfig disk : all) {
      disks.getChildren().add(fact(disk.id(), String.valueOf(disk.file().getFileName())));
    }
    if (all.isEmpty()) {
      disks.getChildren().add(Controls.paragraph(ui.text("disks.noneShort"), "muted", "small"));
    }
    VBox networks = new VBox(8, linked("part.NETWORK", MachinePage.Part.NETWORK));
    for (NetConfig card : definition.devices().networks()) {
      networks.getChildren().add(fact(card.id(), NetworkView.backend(ui, card.backend())));
    }
    if (definition.devices().networks().isEmpty()) {
      networks.getChildren().add(Controls.paragraph(ui.text("network.none"), "muted", "small"));
    }
    return List.of(disks, networks);
  }

  private Node linked(String key, MachinePage.Part target) {
    Hyperlink link = new Hyperlink(ui.text("overview.edit"));
    link.getStyleClass().add("small");
    link.setOnAction(_ -> part.set(target));
    return Controls.row(8, Controls.label(ui.text(key), "card-heading"), Controls.spacer(), link);
  }

  static Node fact(String what, String value) {
    Label left = Controls.label(what, "muted", "small");
    left.setMinWidth(72);
    Label right = Controls.paragraph(value, "small");
    HBox.setHgrow(right, Priority.ALWAYS);
    HBox row = new HBox(8, left, right);
    row.getStyleClass().add("fact");
    return row;
  }
}
