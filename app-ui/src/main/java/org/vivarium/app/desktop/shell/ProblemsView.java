package org.vivarium.app.desktop.shell;

import javafx.collections.ListChangeListener;
import javafx.geometry.Pos;
import javafx.scene.Node;
import javafx.scene.control.Hyperlink;
import javafx.scene.control.TextArea;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;
import javafx.scene.layout.VBox;
import org.kordamp.ikonli.feather.Feather;
import org.kordamp.ikonli.javafx.FontIcon;
import org.vivarium.app.desktop.base.Controls;
import org.vivarium.app.desktop.base.Errors;
import org.vivarium.app.desktop.base.Ui;

/** What went wrong, in the corner of the window until it is put away. */
final class ProblemsView extends VBox {
  private final Ui ui;

  ProblemsView(Ui ui) {
    super(8);
    this.ui = ui;
    setId("problems");
    setPickOnBounds(false);
    setMaxSize(440, Region.USE_PREF_SIZE);
    ui.errors().shown().addListener((ListChangeListener<Errors.Problem>) _ -> show());
    show();
  }

  private void show() {
    getChildren().setAll(ui.errors().shown().stream().map(this::card).toList());
  }

  private Node card(Errors.Problem problem) {
    FontIcon icon = new FontIcon(Feather.ALERT_TRIANGLE);
    icon.getStyleClass().add("problem-icon");
    VBox words = new VBox(4, Controls.paragraph(problem.sentence()));
    HBox.setHgrow(words, Priority.ALWAYS);
    if (!problem.details().isEmpty()) {
      TextArea details = new TextArea(problem.details());
      details.setEditable(false);
      details.setPrefRowCount(8);
      details.getStyleClass().add("problem-details");
      Controls.show(details, false);
      Hyperlink fold = new Hyperlink(ui.text("problem.details"));
      fold.setOnAction(_ -> Controls.show(details, !details.isVisible()));
      words.getChildren().addAll(fold, details);
    }
    HBox card =
        new HBox(
            8,
            icon,
            words,
            Controls.iconButton(
                Feather.X, ui.text("problem.close"), () -> ui.errors().shown().remove(problem)));
    card.setAlignment(Pos.TOP_LEFT);
    card.getStyleClass().add("problem");
    return card;
  }
}
