package org.vivarium.app.desktop.shell;

import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import javafx.animation.Animation;
import javafx.animation.KeyFrame;
import javafx.animation.Timeline;
import javafx.application.Platform;
import javafx.beans.property.StringProperty;
import javafx.collections.ListChangeListener;
import javafx.collections.transformation.FilteredList;
import javafx.collections.transformation.SortedList;
import javafx.css.PseudoClass;
import javafx.geometry.Side;
import javafx.scene.control.Button;
import javafx.scene.control.ContextMenu;
import javafx.scene.control.ListView;
import javafx.scene.control.RadioMenuItem;
import javafx.scene.control.SelectionMode;
import javafx.scene.control.ToggleButton;
import javafx.scene.control.ToggleGroup;
import javafx.scene.input.KeyCode;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.VBox;
import javafx.util.Duration;
import org.kordamp.ikonli.Ikon;
import org.kordamp.ikonli.feather.Feather;
import org.kordamp.ikonli.javafx.FontIcon;
import org.vivarium.app.desktop.base.Controls;
import org.vivarium.app.desktop.base.Settings.Order;
import org.vivarium.app.desktop.base.Ui;
import org.vivarium.app.desktop.machines.MachineModel;
import org.vivarium.app.desktop.page.MachineAction;
import org.vivarium.app.desktop.page.MachineActions;

/** The left side: machines, and the other pages. */
final class SidebarView extends VBox {
  /** Figures change each second; rows that moved as often could not be clicked. */
  private static final int RESORT_SECONDS = 3;

  /** Another page than the selected machine's is shown. */
  private static final PseudoClass ELSEWHERE = PseudoClass.getPseudoClass("elsewhere");

  private final DeskModel desk;
  private final Ui ui;
  private final SortedList<MachineModel> sorted;
  private final ListView<MachineModel> list;
  private final Timeline resort =
      new Timeline(new KeyFrame(Duration.seconds(RESORT_SECONDS), _ -> sort()));

  SidebarView(DeskModel desk, MachineActions actions, StringProperty search) {
    this.desk = desk;
    this.ui = desk.ui();
    getStyleClass().add("sidebar");
    FilteredList<MachineModel> found = new FilteredList<>(desk.machines().list());
    sorted = new SortedList<>(found, MachineOrder.of(ui.settings().order().get()));
    list = new ListView<>(sorted);
    list.setId("machines");
    list.getStyleClass().add("machine-list");
    list.setFixedCellSize(56);
    list.getSelectionModel().setSelectionMode(SelectionMode.MULTIPLE);
    list.setCellFactory(_ -> new MachineCell(ui, actions));
    list.setAccessibleText(ui.text("sidebar.machines"));
    list.setPlaceholder(Controls.label("", "muted"));
    VBox.setVgrow(list, Priority.ALWAYS);
    search.subscribe(
        text -> {
          String wanted = text.strip().toLowerCase(Locale.ROOT);
          found.setPredicate(machine -> machine.name().toLowerCase(Locale.ROOT).contains(wanted));
          list.setPlaceholder(
              wanted.isEmpty()
                  ? Controls.paragraph(ui.text("sidebar.none"), "muted", "small")
                  : Controls.paragraph(ui.text("sidebar.notFound"), "muted", "small"));
        });
    HBox heading =
        Controls.row(
            8,
            Controls.label(ui.text("sidebar.machines"), "sidebar-heading"),
            Controls.spacer(),
            orders());
    getChildren()
        .addAll(
            heading,
            list,
            link(DeskModel.Page.COMPARE, ui.text("sidebar.compare"), Feather.COLUMNS),
            link(DeskModel.Page.IMAGES, ui.text("sidebar.images"), Feather.DISC));
    list.getSelectionModel()
        .getSelectedItems()
        .addListener((ListChangeListener<MachineModel>) _ -> Platform.runLater(this::chosen));
    desk.selected()
        .addListener((ListChangeListener<MachineModel>) _ -> Platform.runLater(this::follow));
    list.setOnKeyPressed(
        e -> {
          if (e.getCode() == KeyCode.DELETE) {
            actions.run(MachineAction.DELETE, List.copyOf(desk.selected()));
          } else if (e.getCode() == KeyCode.ENTER) {
            actions.run(MachineAction.START, List.copyOf(desk.selected()));
          }
        });
    list.setOnMouseClicked(
        _ -> {
          if (!selection().isEmpty()) {
            desk.page().set(DeskModel.Page.MACHINES);
          }
        });
    desk.page()
        .subscribe(
            page -> list.pseudoClassStateChanged(ELSEWHERE, page != DeskModel.Page.MACHINES));
    ui.settings().order().subscribe((_, _) -> sort());
    resort.setCycleCount(Animation.INDEFINITE);
    sceneProperty()
        .subscribe(
            scene -> {
              if (scene == null) {
                resort.stop();
              } else {
                resort.play();
              }
            });
    follow();
  }

  private Button orders() {
    Button button = Controls.iconButton(Feather.BAR_CHART, ui.text("sidebar.order"), () -> {});
    button.setId("order");
    button.getStyleClass().add("small-icon");
    button.setOnAction(
        _ -> {
          ContextMenu menu = new ContextMenu();
          ToggleGroup group = new ToggleGroup();
          for (Order order : Order.values()) {
            RadioMenuItem item = new RadioMenuItem(ui.text("order." + order.name()));
            item.setId("order-" + order.name());
            item.setToggleGroup(group);
            item.setSelected(ui.settings().order().get() == order);
            item.setOnAction(_ -> ui.settings().order().set(order));
            menu.getItems().add(item);
          }
          menu.show(button, Side.BOTTOM, 0, 4);
        });
    return button;
  }

  /** Puts the list in order as machines are now; who was selected stays so. */
  private void sort() {
    Comparator<MachineModel> order = MachineOrder.of(ui.settings().order().get());
    List<MachineModel> wanted = sorted.stream().sorted(order).toList();
    if (!wanted.equals(sorted)) {
      sorted.setComparator(order);
    }
  }

  private ToggleButton link(DeskModel.Page to, String words, Ikon icon) {
    ToggleButton button = new ToggleButton(words, new FontIcon(icon));
    button.setId("show-" + to.name().toLowerCase(Locale.ROOT));
    button.getStyleClass().add("nav-button");
    button.setMaxWidth(Double.MAX_VALUE);
    button.setOnAction(
        _ -> {
          desk.page().set(to);
          button.setSelected(true);
        });
    desk.page().subscribe(page -> button.setSelected(page == to));
    return button;
  }

  /**
   * The person has selected machines in the list. Runs after the list's own change is done, for a
   * change within a change is more than a list's selection bears.
   */
  private void chosen() {
    List<MachineModel> now = selection();
    if (now.isEmpty()) {
      desk.selected().removeIf(machine -> !desk.machines().list().contains(machine));
    } else if (!Set.copyOf(now).equals(Set.copyOf(desk.selected()))) {
      desk.selected().setAll(now);
      desk.page().set(DeskModel.Page.MACHINES);
    }
  }

  private List<MachineModel> selection() {
    return list.getSelectionModel().getSelectedItems().stream().filter(m -> m != null).toList();
  }

  /** Something else has selected machines. */
  private void follow() {
    if (!Set.copyOf(selection()).equals(Set.copyOf(desk.selected()))) {
      List<MachineModel> wanted = List.copyOf(desk.selected());
      list.getSelectionModel().clearSelection();
      wanted.forEach(list.getSelectionModel()::select);
      if (!wanted.isEmpty()) {
        list.scrollTo(wanted.getFirst());
      }
    }
  }
}
