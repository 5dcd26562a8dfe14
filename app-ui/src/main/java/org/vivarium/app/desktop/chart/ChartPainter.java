package org.vivarium.app.desktop.chart;

import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import javafx.geometry.VPos;
import javafx.scene.canvas.Canvas;
import javafx.scene.canvas.GraphicsContext;
import javafx.scene.layout.Background;
import javafx.scene.layout.Region;
import javafx.scene.paint.Color;
import javafx.scene.paint.Paint;
import javafx.scene.text.Font;
import javafx.scene.text.TextAlignment;
import org.jspecify.annotations.Nullable;
import org.vivarium.app.desktop.machines.Point;

/** Draws one chart once. */
final class ChartPainter {
  private static final DateTimeFormatter CLOCK =
      DateTimeFormatter.ofPattern("HH:mm:ss", Locale.ROOT).withZone(ZoneId.systemDefault());

  /** Room for the axis' words. */
  static final double LEFT = 64;

  private static final double FONT_SIZE = 11;
  private static final double NARROW = 400;
  private static final double RIGHT = 4;
  private static final double TOP = 8;
  private static final double BOTTOM = 20;

  private final GraphicsContext g;
  private final double width;
  private final double height;
  private final TimeChart.Spec spec;
  private final List<Series> series;
  private final List<Paint> colours;
  private final Paint grid;
  private final Paint text;
  private long from;
  private long span;
  private double top;

  /** What a chart is drawn with. */
  record Inks(List<Paint> series, Paint grid, Paint text, Font font) {}

  ChartPainter(Canvas canvas, TimeChart.Spec spec, List<Series> series, Inks inks) {
    this.g = canvas.getGraphicsContext2D();
    this.g.setFont(Font.font(inks.font().getFamily(), FONT_SIZE));
    this.width = canvas.getWidth();
    this.height = canvas.getHeight();
    this.spec = spec;
    this.series = series;
    this.colours = inks.series();
    this.grid = inks.grid();
    this.text = inks.text();
  }

  /** The colour that a style sheet gives a region. */
  static Paint paintOf(Region region) {
    Background background = region.getBackground();
    return background == null || background.getFills().isEmpty()
        ? Color.GRAY
        : background.getFills().getFirst().getFill();
  }

  /** Where in the plot an x coordinate is, from 0 to 1; negative outside. */
  static double fraction(double x, double width) {
    double at = (x - LEFT) / (width - LEFT - RIGHT);
    return at > 1 ? -1 : at;
  }

  /** Draws, and returns the point under the mouse, else the newest one shown. */
  @Nullable Point paint(List<Point> points, ChartClock clock) {
    g.clearRect(0, 0, width, height);
    span = clock.span();
    long paused = clock.pausedAt().get();
    long end =
        paused > 0
            ? paused
            : points.isEmpty() ? System.currentTimeMillis() : points.getLast().millis();
    from = end - span;
    List<Point> shown = visible(points, end);
    scale(shown);
    axis();
    List<Point> drawn = thinned(shown);
    double[] base = new double[drawn.size()];
    for (int i = 0; i < series.size(); i++) {
      curve(drawn, series.get(i), colours.get(i), base);
    }
    Point hovered = hovered(shown, clock.hover().get());
    if (hovered != null) {
      crosshair(hovered);
      return hovered;
    }
    return shown.isEmpty() ? null : shown.getLast();
  }

  private List<Point> visible(List<Point> points, long end) {
    int first = 0;
    while (first < points.size() && points.get(first).millis() < from - 1500) {
      first++;
    }
    int last = points.size();
    while (last > first && points.get(last - 1).millis() > end) {
      last--;
    }
    return points.subList(first, last);
  }

  /**
   * Of several points in two pixels' width the highest: more cannot be seen, and takes the longest.
   * They are taken together by their times, so that a peak stays as it is while it moves.
   */
  private List<Point> thinned(List<Point> shown) {
    long together = (long) (2 * span / Math.max(1, width - LEFT - RIGHT));
    if (together < 2000) {
      return shown;
    }
    List<Point> kept = new ArrayList<>();
    for (Point point : shown) {
      Point last = kept.isEmpty() ? null : kept.getLast();
      if (last == null
          || last.millis() / together != point.millis() / together
          || point.afterGap()
          || Double.isNaN(height(point)) != Double.isNaN(height(last))) {
        kept.add(point);
      } else if (!last.afterGap() && height(point) > height(last)) {
        kept.set(kept.size() - 1, point);
      }
    }
    return kept;
  }

  /** How far up a point reaches; not a number where a quantity is not known. */
  private double height(Point point) {
    double height = 0;
    for (Series one : series) {
      double value = one.value().applyAsDouble(point);
      height = spec.stacked() ? height + value : Math.max(height, value);
    }
    return height;
  }

  private void scale(List<Point> shown) {
    double max = spec.least();
    for (Point point : shown) {
      double sum = 0;
      for (Series one : series) {
        double value = one.value().applyAsDouble(point);
        if (!Double.isNaN(value)) {
          sum = spec.stacked() ? sum + value : Math.max(sum, value);
        }
      }
      max = Math.max(max, sum);
    }
    Scale.Kind kind = spec.binary() ? Scale.Kind.BINARY : Scale.Kind.DECIMAL;
    int lines = (int) Math.clamp((height - TOP - BOTTOM) / 32, 2, 5);
    double step = Scale.step(max, lines, kind);
    top = Scale.top(max, step);
    g.setTextAlign(TextAlignment.RIGHT);
    g.setTextBaseline(VPos.CENTER);
    g.setLineWidth(1);
    for (double value = 0; value <= top * 1.0001; value += step) {
      double y = Math.round(y(value)) + 0.5;
      g.setStroke(grid);
      g.strokeLine(LEFT, y, width - RIGHT, y);
      g.setFill(text);
      g.fillText(value == 0 ? "0" : round(spec.format().apply(value)), LEFT - 8, y);
    }
  }

  /** Gridlines stand at round numbers, which need no zeros behind the point. */
  private static String round(String value) {
    return value.replaceFirst("\\.0+ ", " ");
  }

  private void axis() {
    g.setTextBaseline(VPos.BOTTOM);
    g.setFill(text);
    long minutes = span / 60_000;
    int parts = width < NARROW ? 2 : minutes == 1 ? 4 : 5;
    for (int i = 0; i <= parts; i++) {
      double x = LEFT + (width - LEFT - RIGHT) * i / parts;
      g.setTextAlign(
          i == 0 ? TextAlignment.LEFT : i == parts ? TextAlignment.RIGHT : TextAlignment.CENTER);
      long seconds = span / 1000 * (parts - i) / parts;
      g.fillText(ago(seconds), x, height);
    }
  }

  private static String ago(long seconds) {
    if (seconds == 0) {
      return "0";
    }
    return seconds % 60 == 0 ? "−" + seconds / 60 + " min" : "−" + seconds + " s";
  }

  private void curve(List<Point> shown, Series one, Paint colour, double[] base) {
    int start = 0;
    for (int i = 0; i <= shown.size(); i++) {
      boolean ends =
          i == shown.size()
              || (i > start && shown.get(i).afterGap())
              || Double.isNaN(one.value().applyAsDouble(shown.get(i)));
      if (ends) {
        piece(shown, one, colour, base, start, i);
        boolean unknown = i < shown.size() && Double.isNaN(one.value().applyAsDouble(shown.get(i)));
        start = unknown ? i + 1 : i;
      }
    }
  }

  private void piece(
      List<Point> shown, Series one, Paint colour, double[] base, int start, int end) {
    if (end - start < 1) {
      return;
    }
    g.save();
    g.beginPath();
    g.rect(LEFT, 0, width - LEFT - RIGHT, height - BOTTOM + 2);
    g.clip();
    int n = end - start;
    double[] xs = new double[n * 2];
    double[] ys = new double[n * 2];
    for (int i = 0; i < n; i++) {
      Point point = shown.get(start + i);
      double low = spec.stacked() ? base[start + i] : 0;
      double high = low + one.value().applyAsDouble(point);
      xs[i] = x(point.millis());
      ys[i] = y(high);
      xs[2 * n - 1 - i] = xs[i];
      ys[2 * n - 1 - i] = y(low);
      base[start + i] = high;
    }
    g.setGlobalAlpha(spec.stacked() ? 0.35 : 0.12);
    g.setFill(colour);
    g.fillPolygon(xs, ys, 2 * n);
    g.setGlobalAlpha(1);
    g.setStroke(colour);
    g.setLineWidth(1.5);
    g.strokePolyline(xs, ys, n);
    g.restore();
  }

  private @Nullable Point hovered(List<Point> shown, double hover) {
    if (hover < 0 || shown.isEmpty()) {
      return null;
    }
    double millis = from + hover * span;
    Point best = shown.getFirst();
    for (Point point : shown) {
      if (Math.abs(point.millis() - millis) < Math.abs(best.millis() - millis)) {
        best = point;
      }
    }
    return Math.abs(best.millis() - millis) > 2000 + span / 60.0 ? null : best;
  }

  private void crosshair(Point point) {
    double x = Math.round(x(point.millis())) + 0.5;
    g.setStroke(text);
    g.setLineWidth(1);
    g.strokeLine(x, TOP, x, height - BOTTOM);
    double base = 0;
    for (int i = 0; i < series.size(); i++) {
      double value = series.get(i).value().applyAsDouble(point);
      if (!Double.isNaN(value)) {
        base = spec.stacked() ? base + value : value;
        g.setFill(colours.get(i));
        g.fillOval(x - 3.5, y(base) - 3.5, 7, 7);
      }
    }
    g.setFill(text);
    boolean leftHalf = x < LEFT + (width - LEFT) / 2;
    g.setTextAlign(leftHalf ? TextAlignment.LEFT : TextAlignment.RIGHT);
    g.setTextBaseline(VPos.TOP);
    g.fillText(CLOCK.format(Instant.ofEpochMilli(point.millis())), leftHalf ? x + 6 : x - 6, TOP);
  }

  private double x(long millis) {
    return LEFT + (width - LEFT - RIGHT) * (millis - from) / span;
  }

  private double y(double value) {
    return TOP + (height - TOP - BOTTOM) * (1 - value / top);
  }
}
