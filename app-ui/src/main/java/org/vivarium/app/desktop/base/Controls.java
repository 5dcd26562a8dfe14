package org.vivarium.app.desktop.base;

import atlantafx.base.theme.Styles;
import javafx.geometry.Pos;
import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.control.MenuItem;
import javafx.scene.control.Tooltip;
import javafx.scene.layout.ColumnConstraints;
import javafx.scene.layout.GridPane;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;
import javafx.scene.layout.VBox;
import javafx.util.Duration;
import org.kordamp.ikonli.Ikon;
import org.kordamp.ikonli.javafx.FontIcon;

/** Small controls as every page makes them. */
public final class Controls {
  private Controls() {}

  /** A button of an icon alone, with its words on hover and for screen readers. */
  public static Button iconButton(Ikon icon, String words, Runnable action) {
    Button button = new Button(null, new FontIcon(icon));
    button.getStyleClass().addAll(Styles.BUTTON_ICON, Styles.FLAT);
    describe(button, words);
    button.setOnAction(_ -> action.run());
    return button;
  }

  /** A button of an icon and words. */
  public static Button button(Ikon icon, String words, Runnable action) {
    Button button = new Button(words, new FontIcon(icon));
    button.setOnAction(_ -> action.run());
    button.setMinWidth(Region.USE_PREF_SIZE);
    return button;
  }

  /** A menu item of an icon and words. */
  public static MenuItem item(Ikon icon, String words, Runnable action) {
    MenuItem item = new MenuItem(words, new FontIcon(icon));
    item.setOnAction(_ -> action.run());
    return item;
  }

  /** Words on hover, for screen readers too. */
  public static void describe(Node node, String words) {
    node.setAccessibleText(words);
    Tooltip tooltip = new Tooltip(words);
    tooltip.setShowDelay(Duration.millis(400));
    tooltip.setWrapText(true);
    tooltip.setMaxWidth(360);
    Tooltip.install(node, tooltip);
  }

  /** A label of style classes. */
  public static Label label(String words, String... styles) {
    Label label = new Label(words);
    label.getStyleClass().addAll(styles);
    return label;
  }

  /** A label that breaks its lines. */
  public static Label paragraph(String words, String... styles) {
    Label label = label(words, styles);
    label.setWrapText(true);
    label.setMinHeight(Region.USE_PREF_SIZE);
    return label;
  }

  /** Room that grows. */
  public static Region spacer() {
    Region spacer = new Region();
    HBox.setHgrow(spacer, Priority.ALWAYS);
    return spacer;
  }

  /** Nodes beside each other, centred on one line. */
  public static HBox row(double gap, Node... nodes) {
    HBox row = new HBox(gap, nodes);
    row.setAlignment(Pos.CENTER_LEFT);
    return row;
  }

  /** Two nodes beside each other, each in one half, however long their words are. */
  public static GridPane halves(Node left, Node right) {
    GridPane halves = new GridPane(16, 0);
    for (int i = 0; i < 2; i++) {
      ColumnConstraints half = new ColumnConstraints();
      half.setPercentWidth(50);
      halves.getColumnConstraints().add(half);
    }
    halves.addRow(0, left, right);
    return halves;
  }

  /** A framed part of a page with its heading. */
  public static VBox card(String heading, Node... content) {
    VBox card = new VBox(8);
    card.getStyleClass().add("card-box");
    if (!heading.isEmpty()) {
      card.getChildren().add(label(heading, "card-heading"));
    }
    card.getChildren().addAll(content);
    return card;
  }

  /** Shows or hides a node, which takes no room while hidden. */
  public static void show(Node node, boolean visible) {
    node.setVisible(visible);
    node.setManaged(visible);
  }
}
