package org.vivarium.app.desktop.compare;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javafx.scene.Node;
import javafx.scene.control.Label;
import javafx.scene.layout.ColumnConstraints;
import javafx.scene.layout.GridPane;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;
import javafx.scene.layout.VBox;
import org.vivarium.app.desktop.base.Controls;
import org.vivarium.app.desktop.base.Ui;
import org.vivarium.app.lab.Side;

/**
 * Two towers of layers side by side, a container's and a machine's; what they share runs below
 * both. Belongs to the JavaFX thread.
 */
final class Layers extends GridPane {
  /** A figure that arises in a layer. */
  private record Arises(Label figure, String row, Side side) {}

  private final Ui ui;
  private final CompareModel model;
  private final List<Arises> figures = new ArrayList<>();
  private int line;

  Layers(Ui ui, CompareModel model) {
    super(16, 4);
    this.ui = ui;
    this.model = model;
    for (int i = 0; i < 2; i++) {
      ColumnConstraints column = new ColumnConstraints();
      column.setPercentWidth(50);
      getColumnConstraints().add(column);
    }
    add(heading(Side.CONTAINER), 0, line);
    add(heading(Side.MACHINE), 1, line++);
  }

  private static Node heading(Side side) {
    Region swatch = new Region();
    swatch.getStyleClass().addAll("swatch", SeriesStrip.style(side));
    return Controls.row(8, swatch, Controls.label(side.title(), "row-title"));
  }

  /** Adds a layer of each tower, the next below those before. */
  void pair(Node container, Node machine) {
    add(container, 0, line);
    add(machine, 1, line++);
    for (Node node : List.of(container, machine)) {
      ((Region) node).setMaxHeight(Double.MAX_VALUE);
    }
  }

  /** Adds a layer that both stand on. */
  void shared(Node layer) {
    add(layer, 0, line++, 2, 1);
  }

  /** A layer of one side. */
  Node layer(Side side, String key, Node... more) {
    VBox layer = box("layer-own", key, more);
    layer.getStyleClass().add("layer-" + side.id());
    return layer;
  }

  /** A layer that a side does not have. */
  Node missing(String key) {
    return box("layer-missing", key);
  }

  /** A layer that both sides share. */
  VBox box(String style, String key, Node... more) {
    Label name = Controls.label(ui.text("compare.layer." + key), "row-title");
    VBox box =
        new VBox(
            2,
            name,
            Controls.paragraph(ui.text("compare.layer." + key + ".what"), "small", "muted"));
    box.getStyleClass().addAll("layer", style);
    box.getChildren().addAll(more);
    return box;
  }

  /** A figure with its words, hidden until there is one. */
  Node figure(String row, Side side, String key) {
    Label value = Controls.label("", "small", "figures", "layer-figure");
    value.setMinWidth(Region.USE_PREF_SIZE);
    figures.add(new Arises(value, row, side));
    Label words = Controls.label(ui.text("compare.arises." + key), "small");
    HBox.setHgrow(words, Priority.ALWAYS);
    HBox pair = Controls.row(8, words, Controls.spacer(), value);
    pair.setMaxWidth(Double.MAX_VALUE);
    return pair;
  }

  /** Takes the figures that there are now. */
  void show() {
    for (Arises one : figures) {
      Optional<String> text = model.figure(one.row(), one.side());
      one.figure().setText(text.orElse(""));
      Controls.show(one.figure().getParent(), text.isPresent());
    }
  }
}
