package org.vivarium.app.desktop.chart;

import java.util.List;
import javafx.scene.canvas.Canvas;
import javafx.scene.canvas.GraphicsContext;
import javafx.scene.layout.Region;
import javafx.scene.layout.StackPane;
import javafx.scene.paint.Paint;
import org.jspecify.annotations.Nullable;
import org.vivarium.app.desktop.machines.Point;

/** The processor time of the last minute in a few pixels. */
public final class Sparkline extends StackPane {
  private static final int SECONDS = 60;
  private static final double LEAST = 0.25;

  private final Canvas canvas;
  private final Region ink = swatch("series-guest");
  private List<Point> points = List.of();

  /** Makes an empty one of that size in pixels. */
  public Sparkline(double width, double height) {
    canvas = new Canvas(width, height);
    getChildren().addAll(ink, canvas);
    getStyleClass().add("sparkline");
    setMinSize(width, height);
    setMaxSize(width, height);
    ink.backgroundProperty().subscribe(this::draw);
  }

  private static Region swatch(String style) {
    Region swatch = new Region();
    swatch.getStyleClass().add(style);
    swatch.setVisible(false);
    swatch.setManaged(false);
    return swatch;
  }

  /** Shows the last minute of {@code points}; null shows nothing. */
  public void show(@Nullable List<Point> points) {
    this.points = points == null ? List.of() : points;
    draw();
  }

  private void draw() {
    GraphicsContext g = canvas.getGraphicsContext2D();
    double width = canvas.getWidth();
    double height = canvas.getHeight();
    g.clearRect(0, 0, width, height);
    int count = Math.min(SECONDS, points.size());
    List<Point> shown = points.subList(points.size() - count, points.size());
    double top = LEAST;
    for (Point point : shown) {
      top = Math.max(top, point.cpu());
    }
    if (count < 2) {
      return;
    }
    double[] xs = new double[count + 2];
    double[] ys = new double[count + 2];
    for (int i = 0; i < count; i++) {
      xs[i] = width - (count - 1 - i) * width / (SECONDS - 1);
      ys[i] = height - 1 - (height - 2) * Math.min(1, shown.get(i).cpu() / top);
    }
    xs[count] = width;
    xs[count + 1] = xs[0];
    ys[count] = height;
    ys[count + 1] = height;
    Paint colour = ChartPainter.paintOf(ink);
    g.setGlobalAlpha(0.25);
    g.setFill(colour);
    g.fillPolygon(xs, ys, count + 2);
    g.setGlobalAlpha(1);
    g.setStroke(colour);
    g.setLineWidth(1);
    g.strokePolyline(xs, ys, count);
  }
}
