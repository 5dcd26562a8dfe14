package org.vivarium.app.desktop.page;

import java.util.EnumMap;
import java.util.Map;
import java.util.function.Supplier;
import javafx.beans.property.ObjectProperty;
import javafx.scene.Node;
import javafx.scene.control.Tab;
import javafx.scene.control.TabPane;
import javafx.scene.layout.Priority;
import javafx.scene.layout.StackPane;
import javafx.scene.layout.VBox;
import javafx.util.Subscription;
import org.vivarium.app.desktop.base.Ui;
import org.vivarium.app.desktop.machines.MachineModel;

/** The page of one machine: its header, and its parts behind tabs. */
public final class MachinePage extends VBox implements AutoCloseable {
  /** A part of the page. */
  public enum Part {
    OVERVIEW,
    GRAPHS,
    CONSOLE,
    DISKS,
    NETWORK,
    SNAPSHOTS,
    SETTINGS,
    LOG
  }

  /** A part that shows what was true when it was looked up. */
  interface Dated {
    /** Looks it up anew. */
    void refresh();
  }

  private final Ui ui;
  private final MachineModel machine;
  private final TabPane tabs = new TabPane();
  private final Map<Part, Tab> byPart = new EnumMap<>(Part.class);
  private final ConsoleView console;
  private final StackPane fullConsole = new StackPane();
  private final OverviewView overview;
  private final Subscription subscription;

  /**
   * Makes the page.
   *
   * @param part the part shown; follows the person's choice, and leads
   */
  public MachinePage(
      Ui ui, MachineModel machine, MachineActions actions, ObjectProperty<Part> part) {
    this.ui = ui;
    this.machine = machine;
    this.console = new ConsoleView(ui, machine);
    this.overview = new OverviewView(ui, machine, part);
    getStyleClass().add("machine-page");
    tabs.setTabClosingPolicy(TabPane.TabClosingPolicy.UNAVAILABLE);
    tabs.getStyleClass().add("machine-tabs");
    VBox.setVgrow(tabs, Priority.ALWAYS);
    add(Part.OVERVIEW, () -> overview);
    add(Part.GRAPHS, () -> new GraphsView(ui, machine));
    fullConsole.getStyleClass().add("console-page");
    add(Part.CONSOLE, () -> fullConsole);
    add(Part.DISKS, () -> new DisksView(ui, machine, actions.home()));
    add(Part.NETWORK, () -> new NetworkView(ui, machine));
    add(Part.SNAPSHOTS, () -> new SnapshotsView(ui, machine, actions.snapshots()));
    add(Part.SETTINGS, () -> new SettingsView(ui, machine));
    add(Part.LOG, () -> new LogView(ui, machine));
    getChildren().addAll(new MachineHeader(ui, machine, actions), tabs);
    // First the part that was asked for, then whichever the person chooses.
    subscription = part.subscribe(this::show);
    tabs.getSelectionModel()
        .selectedItemProperty()
        .subscribe(
            tab -> {
              if (tab != null && tab.getUserData() instanceof Part chosen) {
                part.set(chosen);
              }
            });
  }

  private void add(Part part, Supplier<Node> content) {
    Tab tab = new Tab(ui.text("part." + part.name()));
    tab.setId("tab-" + part.name());
    tab.setUserData(part);
    tab.selectedProperty()
        .subscribe(
            selected -> {
              if (selected && tab.getContent() == null) {
                tab.setContent(content.get());
              } else if (selected && tab.getContent() instanceof Dated dated) {
                dated.refresh();
              }
            });
    byPart.put(part, tab);
    tabs.getTabs().add(tab);
  }

  /** The terminal is one node, which stands on whichever part shows it. */
  private void show(Part part) {
    Tab tab = byPart.get(part);
    if (tab != null) {
      tabs.getSelectionModel().select(tab);
    }
    switch (part) {
      case OVERVIEW -> overview.place(console);
      case CONSOLE -> {
        overview.place(null);
        fullConsole.getChildren().setAll(console);
        console.takeKeyboard();
      }
      default -> {
        // No other part shows the terminal.
      }
    }
  }

  /** The machine. */
  public MachineModel machine() {
    return machine;
  }

  /** The terminal. */
  public ConsoleView console() {
    return console;
  }

  /** Lets go of the terminal. */
  @Override
  public void close() {
    subscription.unsubscribe();
    console.close();
  }
}
