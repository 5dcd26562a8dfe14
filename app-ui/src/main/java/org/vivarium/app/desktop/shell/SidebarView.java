package org.vivarium.app.desktop.shell;

import java.util.List;
import java.util.Locale;
import javafx.beans.property.StringProperty;
import javafx.collections.ListChangeListener;
import javafx.collections.transformation.FilteredList;
import javafx.scene.control.Label;
import javafx.scene.control.ListView;
import javafx.scene.control.SelectionMode;
import javafx.scene.control.ToggleButton;
import javafx.scene.input.KeyCode;
import javafx.scene.layout.Priority;
import javafx.scene.layout.VBox;
import org.kordamp.ikonli.feather.Feather;
import org.kordamp.ikonli.javafx.FontIcon;
import org.vivarium.app.desktop.base.Controls;
import org.vivarium.app.desktop.base.Ui;
import org.vivarium.app.desktop.machines.MachineModel;
import org.vivarium.app.desktop.page.MachineAction;
import org.vivarium.app.desktop.page.MachineActions;

/** The left side: machines, and the other pages. */
final class SidebarView extends VBox {
  private final DeskModel desk;
  private final Ui ui;
  private final ListView<MachineModel> list;
  private boolean following;

  SidebarView(DeskModel desk, MachineActions actions, StringProperty search) {
    this.desk = desk;
    this.ui = desk.ui();
    getStyleClass().add("sidebar");
    FilteredList<MachineModel> found = new FilteredList<>(desk.machines().list());
    list = new ListView<>(found);
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
    Label heading = Controls.label(ui.text("sidebar.machines"), "sidebar-heading");
    getChildren().addAll(heading, list, images());
    list.getSelectionModel()
        .getSelectedItems()
        .addListener((ListChangeListener<MachineModel>) _ -> chosen());
    desk.selected().addListener((ListChangeListener<MachineModel>) _ -> follow());
    list.setOnKeyPressed(
        e -> {
          if (e.getCode() == KeyCode.DELETE) {
            actions.run(MachineAction.DELETE, List.copyOf(desk.selected()));
          } else if (e.getCode() == KeyCode.ENTER) {
            actions.run(MachineAction.START, List.copyOf(desk.selected()));
          }
        });
    list.setOnMouseClicked(_ -> chosen());
    follow();
  }

  private ToggleButton images() {
    ToggleButton button = new ToggleButton(ui.text("sidebar.images"), new FontIcon(Feather.DISC));
    button.setId("show-images");
    button.getStyleClass().add("nav-button");
    button.setMaxWidth(Double.MAX_VALUE);
    button.setOnAction(_ -> desk.page().set(DeskModel.Page.IMAGES));
    desk.page().subscribe(page -> button.setSelected(page == DeskModel.Page.IMAGES));
    return button;
  }

  /** The person has selected machines in the list. */
  private void chosen() {
    if (following) {
      return;
    }
    List<MachineModel> now =
        list.getSelectionModel().getSelectedItems().stream().filter(m -> m != null).toList();
    if (now.isEmpty()) {
      desk.selected().removeIf(machine -> !desk.machines().list().contains(machine));
      return;
    }
    following = true;
    if (!now.equals(desk.selected())) {
      desk.selected().setAll(now);
    }
    desk.page().set(DeskModel.Page.MACHINES);
    following = false;
  }

  /** Something else has selected machines. */
  private void follow() {
    if (following) {
      return;
    }
    following = true;
    list.getSelectionModel().clearSelection();
    desk.selected().forEach(list.getSelectionModel()::select);
    if (!desk.selected().isEmpty()) {
      list.scrollTo(desk.selected().getFirst());
    }
    following = false;
  }
}
