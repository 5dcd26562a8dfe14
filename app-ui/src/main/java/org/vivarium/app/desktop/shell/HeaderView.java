package org.vivarium.app.desktop.shell;

import atlantafx.base.controls.CustomTextField;
import atlantafx.base.theme.Styles;
import javafx.application.ColorScheme;
import javafx.geometry.Side;
import javafx.scene.control.Button;
import javafx.scene.control.ContextMenu;
import javafx.scene.control.Menu;
import javafx.scene.control.MenuItem;
import javafx.scene.control.RadioMenuItem;
import javafx.scene.control.SeparatorMenuItem;
import javafx.scene.control.TextField;
import javafx.scene.control.ToggleGroup;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;
import javafx.scene.layout.StackPane;
import org.kordamp.ikonli.feather.Feather;
import org.kordamp.ikonli.javafx.FontIcon;
import org.vivarium.app.desktop.base.Controls;
import org.vivarium.app.desktop.base.Settings.ThemeChoice;
import org.vivarium.app.desktop.base.Texts;
import org.vivarium.app.desktop.base.Theme;
import org.vivarium.app.desktop.base.Ui;

/** The head of the window. */
final class HeaderView extends HBox {
  private final Ui ui;
  private final CustomTextField search = new CustomTextField();

  HeaderView(DeskModel desk) {
    super(12);
    this.ui = desk.ui();
    getStyleClass().add("header");
    Button create =
        Controls.button(
            Feather.PLUS, ui.text("header.new"), () -> desk.page().set(DeskModel.Page.NEW_MACHINE));
    create.setId("new-machine");
    search.setId("search");
    search.setLeft(new StackPane(new FontIcon(Feather.SEARCH)));
    search.getLeft().getStyleClass().add("search-icon");
    search.setPromptText(ui.text("header.search"));
    search.setAccessibleText(ui.text("header.search"));
    search.setPrefWidth(240);
    search.setMinWidth(120);
    HBox brand = Controls.row(8, new Logo(20), Controls.label("Vivarium", Styles.TITLE_4));
    brand.setMinWidth(Region.USE_PREF_SIZE);
    HBox row = Controls.row(12, brand, create, Controls.spacer(), search, theme(), settings());
    HBox.setHgrow(row, Priority.ALWAYS);
    getChildren().add(row);
  }

  /** The field in which machines are searched. */
  TextField search() {
    return search;
  }

  private Button theme() {
    Button button =
        Controls.iconButton(
            Feather.MOON,
            ui.text("header.theme"),
            () -> ui.settings().theme().set(Theme.isDark() ? ThemeChoice.LIGHT : ThemeChoice.DARK));
    button.setId("theme");
    Theme.scheme()
        .subscribe(
            scheme ->
                button.setGraphic(
                    new FontIcon(scheme == ColorScheme.DARK ? Feather.SUN : Feather.MOON)));
    return button;
  }

  private Button settings() {
    Button button = Controls.iconButton(Feather.SETTINGS, ui.text("header.settings"), () -> {});
    button.setId("settings");
    button.setOnAction(
        _ -> {
          ContextMenu menu = new ContextMenu();
          menu.getItems().addAll(themes(), languages(), new SeparatorMenuItem(), about());
          menu.show(button, Side.BOTTOM, 0, 4);
        });
    return button;
  }

  private Menu themes() {
    Menu menu = new Menu(ui.text("header.theme"), new FontIcon(Feather.DROPLET));
    ToggleGroup group = new ToggleGroup();
    for (ThemeChoice choice : ThemeChoice.values()) {
      RadioMenuItem item = new RadioMenuItem(ui.text("theme." + choice.name()));
      item.setToggleGroup(group);
      item.setSelected(ui.settings().theme().get() == choice);
      item.setOnAction(_ -> ui.settings().theme().set(choice));
      menu.getItems().add(item);
    }
    return menu;
  }

  private Menu languages() {
    Menu menu = new Menu(ui.text("header.language"), new FontIcon(Feather.GLOBE));
    ToggleGroup group = new ToggleGroup();
    for (Texts.Language choice : Texts.Language.values()) {
      RadioMenuItem item = new RadioMenuItem(choice.ownName());
      item.setToggleGroup(group);
      item.setSelected(ui.texts().language() == choice);
      item.setOnAction(_ -> ui.settings().language().set(choice));
      menu.getItems().add(item);
    }
    return menu;
  }

  private MenuItem about() {
    String version = HeaderView.class.getPackage().getImplementationVersion();
    MenuItem item = new MenuItem(ui.text("header.version", version == null ? "–" : version));
    item.setDisable(true);
    return item;
  }
}
