package org.vivarium.app.desktop.chart;

import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleFunction;
import javafx.geometry.Pos;
import javafx.scene.Node;
import javafx.scene.canvas.Canvas;
import javafx.scene.control.Label;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Pane;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;
import javafx.scene.layout.StackPane;
import javafx.scene.layout.VBox;
import org.vivarium.app.desktop.base.Controls;
import org.vivarium.app.desktop.base.FxThread;
import org.vivarium.app.desktop.machines.History;
import org.vivarium.app.desktop.machines.Point;

/**
 * A chart of some quantities over time: heading, value of each quantity now or under the mouse, and
 * the curves. Draws when a second has passed, or the mouse, the size or the colours have changed.
 */
public final class TimeChart extends VBox {
  /**
   * What a chart shows.
   *
   * @param heading what it is about
   * @param stacked whether the quantities add up
   * @param binary whether the axis counts in powers of two
   * @param least the top of the axis where all is quiet
   * @param format writes a value with its unit
   */
  public record Spec(
      String heading,
      boolean stacked,
      boolean binary,
      double least,
      DoubleFunction<String> format) {}

  private final Spec spec;
  private final List<Series> series;
  private final History history;
  private final ChartClock clock;
  private final Canvas canvas = new Canvas();
  private final Label heading;
  private final List<Label> values = new ArrayList<>();
  private final List<Node> entries = new ArrayList<>();
  private final List<Region> swatches = new ArrayList<>();
  private final Label note = Controls.label("", "muted");
  private final Region grid = ink("chart-grid");
  private final Region text = ink("chart-text");
  private final Runnable drawSoon = FxThread.coalesced(this::draw);

  /** Makes a chart that follows {@code history}. */
  public TimeChart(Spec spec, List<Series> series, History history, ChartClock clock) {
    this.spec = spec;
    this.series = List.copyOf(series);
    this.history = history;
    this.clock = clock;
    this.heading = Controls.label(spec.heading(), "card-heading");
    getStyleClass().addAll("card-box", "time-chart");
    Pane plot = new Pane(canvas);
    plot.setMinSize(0, 40);
    canvas.widthProperty().bind(plot.widthProperty());
    canvas.heightProperty().bind(plot.heightProperty());
    Controls.show(note, false);
    note.setMouseTransparent(true);
    StackPane place = new StackPane(plot, note);
    place.setMinSize(0, 40);
    VBox.setVgrow(place, Priority.ALWAYS);
    getChildren().addAll(legend(), place);
    history.revision().subscribe(drawSoon);
    canvas.widthProperty().subscribe(drawSoon);
    canvas.heightProperty().subscribe(drawSoon);
    clock.minutes().subscribe(drawSoon);
    clock.pausedAt().subscribe(drawSoon);
    clock.hover().subscribe(drawSoon);
    text.backgroundProperty().subscribe(drawSoon);
    plot.setOnMouseMoved(e -> clock.hover().set(ChartPainter.fraction(e.getX(), plot.getWidth())));
    plot.setOnMouseExited(_ -> clock.hover().set(-1));
    setAccessibleText(spec.heading());
  }

  private HBox legend() {
    HBox legend = Controls.row(8);
    legend.getStyleClass().add("chart-legend");
    heading.setMinWidth(Region.USE_PREF_SIZE);
    legend.getChildren().addAll(heading, Controls.spacer());
    for (Series one : series) {
      Region swatch = new Region();
      swatch.getStyleClass().addAll("swatch", one.style());
      swatch.backgroundProperty().subscribe(drawSoon);
      Label value = Controls.label("", "chart-value", "small");
      value.setMinWidth(Region.USE_PREF_SIZE);
      Label name = Controls.label(one.label(), "muted", "small");
      HBox entry = Controls.row(4, swatch, name, value);
      Controls.describe(entry, one.label());
      entry.setAlignment(Pos.CENTER_LEFT);
      legend.getChildren().add(entry);
      entries.add(entry);
      swatches.add(swatch);
      values.add(value);
    }
    grid.setManaged(false);
    text.setManaged(false);
    legend.getChildren().addAll(grid, text);
    return legend;
  }

  /** Shows words in place of curves that will not come; the empty string takes them away. */
  public void setNote(String words) {
    note.setText(words);
    Controls.show(note, !words.isEmpty());
    canvas.setVisible(words.isEmpty());
    entries.forEach(entry -> Controls.show(entry, words.isEmpty()));
  }

  private static Region ink(String style) {
    Region ink = new Region();
    ink.getStyleClass().add(style);
    ink.setVisible(false);
    return ink;
  }

  /** A chart on a part of the page that is not shown is not drawn. */
  private boolean isShown() {
    for (Node node = this; node != null; node = node.getParent()) {
      if (!node.isVisible()) {
        return false;
      }
    }
    return getScene() != null;
  }

  private void draw() {
    if (!isShown() || canvas.getWidth() < 40 || canvas.getHeight() < 30) {
      return;
    }
    ChartPainter painter =
        new ChartPainter(
            canvas,
            spec,
            series,
            new ChartPainter.Inks(
                swatches.stream().map(ChartPainter::paintOf).toList(),
                ChartPainter.paintOf(grid),
                ChartPainter.paintOf(text),
                heading.getFont()));
    Point shown = painter.paint(history.points(), clock);
    for (int i = 0; i < series.size(); i++) {
      double value = shown == null ? Double.NaN : series.get(i).value().applyAsDouble(shown);
      values.get(i).setText(Double.isNaN(value) ? "–" : spec.format().apply(value));
    }
  }
}
