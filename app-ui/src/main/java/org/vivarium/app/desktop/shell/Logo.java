package org.vivarium.app.desktop.shell;

import javafx.scene.layout.StackPane;
import javafx.scene.shape.SVGPath;

/** Vivarium's sign: a glass box with a living curve inside. */
final class Logo extends StackPane {
  private static final double DRAWN = 24;

  Logo(double size) {
    SVGPath glass = new SVGPath();
    glass.setContent(
        "M5 2 H19 A3 3 0 0 1 22 5 V19 A3 3 0 0 1 19 22 H5 A3 3 0 0 1 2 19 V5 A3 3 0 0 1 5 2 Z");
    glass.getStyleClass().add("logo-glass");
    SVGPath life = new SVGPath();
    life.setContent("M5 15 H8 L10.2 8.5 L13.6 17 L15.6 12 H19");
    life.getStyleClass().add("logo-life");
    StackPane drawing = new StackPane(glass, life);
    drawing.setScaleX(size / DRAWN);
    drawing.setScaleY(size / DRAWN);
    getChildren().add(drawing);
    setMinSize(size, size);
    setMaxSize(size, size);
  }
}
