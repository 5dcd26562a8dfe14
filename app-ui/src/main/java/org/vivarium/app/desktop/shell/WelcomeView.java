package org.vivarium.app.desktop.shell;

import atlantafx.base.theme.Styles;
import javafx.geometry.Insets;
import javafx.geometry.Pos;
import javafx.scene.control.Button;
import javafx.scene.control.Hyperlink;
import javafx.scene.layout.Region;
import javafx.scene.layout.StackPane;
import javafx.scene.layout.VBox;
import javafx.scene.text.TextAlignment;
import org.kordamp.ikonli.feather.Feather;
import org.vivarium.app.desktop.base.Controls;
import org.vivarium.app.desktop.base.Ui;

/** The first page: one button, and what it does. */
final class WelcomeView extends StackPane {
  private final Button start;

  WelcomeView(DeskModel desk) {
    Ui ui = desk.ui();
    start = Controls.button(Feather.PLAY, ui.text("welcome.start"), desk::startFirstLinux);
    start.setId("start-first");
    start.getStyleClass().addAll(Styles.ACCENT, Styles.LARGE, "big-button");
    start.setDefaultButton(true);
    Hyperlink other = new Hyperlink(ui.text("welcome.other"));
    other.setOnAction(_ -> desk.page().set(DeskModel.Page.NEW_MACHINE));
    var title = Controls.label(ui.text("welcome.title"), Styles.TITLE_2);
    var text = Controls.paragraph(ui.text("welcome.text"), "muted");
    text.setTextAlignment(TextAlignment.CENTER);
    text.setMaxWidth(640);
    Logo logo = new Logo(72);
    VBox box = new VBox(16, logo, title, text, start, other);
    box.setAlignment(Pos.CENTER);
    box.setMaxSize(Region.USE_PREF_SIZE, Region.USE_PREF_SIZE);
    VBox.setMargin(start, new Insets(8, 0, 0, 0));
    getChildren().add(box);
    getStyleClass().add("page");
  }

  void takeKeyboard() {
    start.requestFocus();
  }
}
