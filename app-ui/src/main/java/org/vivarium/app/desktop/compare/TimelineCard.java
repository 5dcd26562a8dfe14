package org.vivarium.app.desktop.compare;

import java.util.ArrayList;
import java.util.List;
import javafx.scene.Node;
import javafx.scene.layout.FlowPane;
import javafx.scene.layout.Pane;
import javafx.scene.layout.Region;
import javafx.scene.layout.VBox;
import org.vivarium.app.desktop.base.Controls;
import org.vivarium.app.desktop.base.Ui;
import org.vivarium.app.lab.Report;
import org.vivarium.app.lab.Report.Stage;
import org.vivarium.app.lab.Report.Timeline;

/** Where the time of a start goes on each side, on one scale. */
final class TimelineCard extends VBox {
  private static final double HEIGHT = 16;

  TimelineCard(Ui ui, List<Timeline> timelines) {
    super(8);
    setId("compare-timelines");
    getStyleClass().add("card-box");
    getChildren()
        .addAll(
            Controls.label(ui.text("compare.timelines"), "card-heading"),
            Controls.paragraph(ui.text("compare.timelines.what"), "muted", "small"));
    double longest = timelines.stream().mapToDouble(TimelineCard::length).max().orElse(1);
    timelines.forEach(timeline -> getChildren().add(side(timeline, Math.max(longest, 1e-9))));
  }

  private static double length(Timeline timeline) {
    return timeline.stages().stream().mapToDouble(Stage::millis).sum();
  }

  private static Node side(Timeline timeline, double longest) {
    FlowPane names = new FlowPane(16, 2);
    List<Region> parts = new ArrayList<>();
    for (int i = 0; i < timeline.stages().size(); i++) {
      Stage stage = timeline.stages().get(i);
      String words = stage.title() + " " + Report.figure(stage.millis(), "ms");
      Region part = new Region();
      part.getStyleClass().add("timeline-" + i % 5);
      Controls.describe(part, words);
      parts.add(part);
      Region swatch = new Region();
      swatch.getStyleClass().addAll("swatch", "timeline-" + i % 5);
      names.getChildren().add(Controls.row(4, swatch, Controls.label(words, "small", "muted")));
    }
    String title = timeline.side().title() + (timeline.comparable() ? "" : " *");
    return new VBox(
        4,
        Controls.row(
            8,
            Controls.label(title, "row-title", "small"),
            Controls.spacer(),
            Controls.label(Report.figure(length(timeline), "ms"), "small", "figures")),
        new Bar(timeline, parts, longest),
        names);
  }

  /** The stages one after the other. */
  private static final class Bar extends Pane {
    private final Timeline timeline;
    private final List<Region> parts;
    private final double longest;

    Bar(Timeline timeline, List<Region> parts, double longest) {
      this.timeline = timeline;
      this.parts = parts;
      this.longest = longest;
      getStyleClass().add("meter");
      getChildren().addAll(parts);
      setMinHeight(HEIGHT);
      setMaxHeight(HEIGHT);
    }

    @Override
    protected void layoutChildren() {
      double before = 0;
      for (int i = 0; i < parts.size(); i++) {
        double millis = timeline.stages().get(i).millis();
        double start = before / longest * getWidth();
        double width = Math.max(1, millis / longest * getWidth());
        parts.get(i).resizeRelocate(start, 0, width, HEIGHT);
        before += millis;
      }
    }
  }
}
