package org.vivarium.app.desktop.page;

import javafx.scene.canvas.Canvas;
import javafx.scene.canvas.GraphicsContext;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Pane;
import javafx.scene.layout.Region;
import javafx.scene.layout.VBox;
import javafx.scene.paint.Color;
import javafx.scene.paint.Paint;
import org.vivarium.app.desktop.base.Controls;
import org.vivarium.app.desktop.base.FxThread;
import org.vivarium.app.desktop.base.Ui;
import org.vivarium.app.desktop.base.Units;
import org.vivarium.images.library.AllocationMap;
import org.vivarium.images.library.AllocationMap.Piece;

/**
 * Which parts of a disk are stored, from its beginning to its end: a thin strip, and below it what
 * the colours mean and how much that is.
 */
final class AllocationStrip extends VBox {
  private static final double HEIGHT = 8;

  private final AllocationMap map;
  private final Canvas canvas = new Canvas();
  private final Region own = swatch("strip-own");
  private final Region shared = swatch("strip-shared");
  private final Region nothing = swatch("strip-nothing");

  AllocationStrip(Ui ui, AllocationMap map) {
    super(4);
    this.map = map;
    Pane place = new Pane(canvas);
    place.setMinSize(0, HEIGHT);
    place.setPrefHeight(HEIGHT);
    place.setMaxHeight(HEIGHT);
    Runnable drawSoon = FxThread.coalesced(this::draw);
    canvas.setHeight(HEIGHT);
    canvas.widthProperty().bind(place.widthProperty());
    canvas.widthProperty().subscribe(drawSoon);
    own.backgroundProperty().subscribe(drawSoon);
    nothing.backgroundProperty().subscribe(drawSoon);
    long rest = map.size() - map.own() - map.shared();
    HBox base = entry(shared, ui.text("map.shared", Units.bytes(map.shared())));
    Controls.show(base, map.shared() > 0);
    HBox legend =
        Controls.row(
            16,
            entry(own, ui.text("map.own", Units.bytes(map.own()))),
            base,
            entry(nothing, ui.text("map.nothing", Units.bytes(rest))));
    getChildren().addAll(place, legend);
    Controls.describe(place, ui.text("map.hint"));
  }

  private static Region swatch(String style) {
    Region swatch = new Region();
    swatch.getStyleClass().addAll("swatch", style);
    return swatch;
  }

  private static HBox entry(Region swatch, String words) {
    return Controls.row(4, swatch, Controls.label(words, "muted", "small"));
  }

  private void draw() {
    GraphicsContext pen = canvas.getGraphicsContext2D();
    double width = canvas.getWidth();
    int count = map.pieces().size();
    pen.setFill(paint(nothing));
    pen.fillRect(0, 0, width, HEIGHT);
    for (int i = 0; i < count; i++) {
      Piece piece = map.pieces().get(i);
      double from = Math.floor(width * i / count);
      double to = Math.floor(width * (i + 1) / count);
      fill(pen, paint(shared), piece.own() + piece.shared(), from, to);
      fill(pen, paint(own), piece.own(), from, to);
    }
  }

  /** The fuller a piece, the taller its column; what is there at all can be seen. */
  private static void fill(GraphicsContext pen, Paint paint, double share, double from, double to) {
    if (share > 0) {
      double height = Math.max(2, Math.round(Math.min(1, share) * HEIGHT));
      pen.setFill(paint);
      pen.fillRect(from, HEIGHT - height, to - from, height);
    }
  }

  private static Paint paint(Region swatch) {
    return swatch.getBackground() == null || swatch.getBackground().getFills().isEmpty()
        ? Color.TRANSPARENT
        : swatch.getBackground().getFills().getFirst().getFill();
  }
}
