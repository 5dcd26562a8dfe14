package org.vivarium.app.desktop.compare;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javafx.scene.control.Label;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;
import javafx.scene.layout.VBox;
import org.vivarium.app.desktop.base.Controls;
import org.vivarium.app.desktop.base.Ui;
import org.vivarium.app.lab.Report;
import org.vivarium.app.lab.Report.Row;
import org.vivarium.app.lab.Report.Series;
import org.vivarium.app.lab.Report.Verdict;
import org.vivarium.app.lab.Side;

/** One quantity: a strip for each side, what is often quoted, and what was found. */
final class RowView extends VBox {
  private static final double NAME = 170;
  private static final double FIGURE = 96;

  /** A claim that is further out than this many times the largest value would flatten the bars. */
  private static final double FARTHEST = 3;

  /** A side's line. */
  private record Line(SeriesStrip strip, Label name, Label median) {}

  private final Ui ui;
  private final Row row;
  private final VBox strips = new VBox(2);
  private final Map<Side, Line> lines = new EnumMap<>(Side.class);
  private final Label quote = Controls.paragraph("", "small", "compare-quote");
  private final Label verdict = Controls.paragraph("", "small");

  RowView(Ui ui, Row row) {
    super(4);
    this.ui = ui;
    this.row = row;
    Label title = Controls.label(row.title(), "row-title");
    title.setMinWidth(Region.USE_PREF_SIZE);
    HBox heading = Controls.row(8, title, Controls.label(row.explanation(), "muted", "small"));
    getStyleClass().add("compare-row");
    getChildren().addAll(heading, strips, quote, verdict);
    Controls.show(quote, false);
    Controls.show(verdict, false);
  }

  void show(List<Series> series, Optional<Verdict> judged) {
    double largest = series.stream().mapToDouble(s -> s.samples().max()).max().orElse(0);
    Map<String, Double> marks = judged.map(Verdict::marks).orElse(Map.of());
    double scale = largest <= 0 ? 1 : largest;
    for (double mark : marks.values()) {
      if (mark > scale && mark <= FARTHEST * largest) {
        scale = mark;
      }
    }
    for (Series one : series) {
      Line line = lines.computeIfAbsent(one.side(), this::add);
      line.strip().show(one, marks.values(), scale);
      line.median().setText(Report.figure(one.samples().median(), row.unit()));
      line.name().setText(one.side().title() + (one.comparable() ? "" : " *"));
      line.strip()
          .setAccessibleText(
              one.side().title() + ": " + Report.figure(one.samples().median(), row.unit()));
    }
    boolean beyond = isBeyond(scale, marks);
    judged.ifPresent(found -> judge(found, beyond));
  }

  private static boolean isBeyond(double scale, Map<String, Double> marks) {
    return marks.values().stream().anyMatch(mark -> mark > scale);
  }

  private void judge(Verdict found, boolean beyond) {
    quote.setText(
        ui.text("compare.quoted", found.quote()) + (beyond ? " " + ui.text("compare.beyond") : ""));
    verdict.setText(found.sentence());
    Controls.show(quote, true);
    Controls.show(verdict, true);
  }

  private Line add(Side side) {
    Region swatch = new Region();
    swatch.getStyleClass().addAll("swatch", SeriesStrip.style(side));
    Label name = Controls.label(side.title(), "small");
    HBox names = Controls.row(8, swatch, name);
    names.setMinWidth(NAME);
    names.setMaxWidth(NAME);
    SeriesStrip strip = new SeriesStrip();
    HBox.setHgrow(strip, Priority.ALWAYS);
    Label median = Controls.label("", "chart-value", "figures");
    median.setMinWidth(FIGURE);
    strips.getChildren().add(Controls.row(8, names, strip, median));
    return new Line(strip, name, median);
  }
}
