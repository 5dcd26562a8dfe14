package org.vivarium.app.desktop.compare;

import java.util.Collection;
import java.util.List;
import java.util.Locale;
import javafx.scene.canvas.Canvas;
import javafx.scene.canvas.GraphicsContext;
import javafx.scene.layout.Background;
import javafx.scene.layout.Pane;
import javafx.scene.layout.Region;
import javafx.scene.paint.Color;
import javafx.scene.paint.Paint;
import org.vivarium.app.bench.Samples;
import org.vivarium.app.lab.Report.Series;
import org.vivarium.app.lab.Side;

/** The values of a quantity on one side: a bar to the median, the spread, every value as a dot. */
final class SeriesStrip extends Pane {
  private static final double HEIGHT = 24;
  private static final double BAR = 12;
  private static final double DOT = 6;
  private static final double APART = 0.35;

  private final Canvas canvas = new Canvas();
  private final Region colour = ink();
  private final Region text = ink();
  private final Region claim = ink();
  private List<Double> values = List.of();
  private Collection<Double> marks = List.of();
  private boolean comparable = true;
  private double most = 1;

  SeriesStrip() {
    setMinSize(80, HEIGHT);
    setPrefHeight(HEIGHT);
    setMaxHeight(HEIGHT);
    text.getStyleClass().add("compare-text");
    claim.getStyleClass().add("compare-claim");
    getChildren().addAll(colour, text, claim, canvas);
    canvas.widthProperty().bind(widthProperty());
    canvas.setHeight(HEIGHT);
    canvas.widthProperty().subscribe(this::draw);
    for (Region ink : List.of(colour, text, claim)) {
      ink.backgroundProperty().subscribe(this::draw);
    }
  }

  private static Region ink() {
    Region ink = new Region();
    ink.setVisible(false);
    ink.setManaged(false);
    return ink;
  }

  /** The style class that has the colour of a side. */
  static String style(Side side) {
    return "side-" + side.id().toLowerCase(Locale.ROOT);
  }

  /**
   * Shows a series.
   *
   * @param wanted where the claim puts values; those beyond the scale are not drawn
   * @param scale the value at the right edge, above zero
   */
  void show(Series series, Collection<Double> wanted, double scale) {
    values = series.values();
    comparable = series.comparable();
    marks = wanted;
    most = scale;
    colour.getStyleClass().setAll(style(series.side()));
    draw();
  }

  private static Paint paint(Region ink) {
    Background background = ink.getBackground();
    return background == null || background.getFills().isEmpty()
        ? Color.GRAY
        : background.getFills().getFirst().getFill();
  }

  private double x(double value) {
    return DOT + Math.clamp(value / most, 0, 1) * (canvas.getWidth() - 2 * DOT);
  }

  private void draw() {
    GraphicsContext g = canvas.getGraphicsContext2D();
    g.clearRect(0, 0, canvas.getWidth(), canvas.getHeight());
    if (values.isEmpty() || canvas.getWidth() < 4 * DOT) {
      return;
    }
    Samples samples = new Samples(values);
    double middle = HEIGHT / 2;
    g.setFill(paint(colour));
    g.setGlobalAlpha(comparable ? 0.8 : APART);
    g.fillRoundRect(x(0), middle - BAR / 2, Math.max(2, x(samples.median()) - x(0)), BAR, 4, 4);
    g.setGlobalAlpha(1);
    g.setStroke(paint(text));
    g.setLineWidth(1);
    if (values.size() > 1) {
      g.strokeLine(x(samples.min()), middle, x(samples.max()), middle);
      for (double value : values) {
        g.setFill(paint(colour));
        g.fillOval(x(value) - DOT / 2, middle - DOT / 2, DOT, DOT);
        g.strokeOval(x(value) - DOT / 2, middle - DOT / 2, DOT, DOT);
      }
    }
    g.setStroke(paint(claim));
    g.setLineWidth(1.5);
    g.setLineDashes(4, 3);
    for (double mark : marks) {
      if (mark <= most) {
        g.strokeLine(x(mark), 0, x(mark), HEIGHT);
      }
    }
    g.setLineDashes();
  }
}
