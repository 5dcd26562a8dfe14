package org.vivarium.app.lab;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.vivarium.app.lab.Report.Row;
import org.vivarium.app.lab.Report.Series;
import org.vivarium.app.lab.Report.Stage;
import org.vivarium.app.lab.Report.Timeline;

/**
 * Draws charts as inline SVG without a script. The median is a bar, each run a dot; what is often
 * quoted is a dashed line, or an arrow where it lies beyond the edge. Colours are those of the
 * page.
 */
final class BarChart {
  private static final int WIDTH = 760;
  private static final int LABELS = 190;
  private static final int VALUES = 110;
  private static final int PLOT = WIDTH - LABELS - VALUES;
  private static final int LINE = 34;
  private static final int BAR = 18;
  private static final int MARKS = 18;

  private BarChart() {}

  /** One quantity on all sides. */
  static String bars(Row row, List<Series> series, Map<String, Double> marks) {
    double most = series.stream().mapToDouble(one -> one.samples().max()).max().orElse(1);
    most = most <= 0 ? 1 : most * 1.05;
    int top = marks.isEmpty() ? 4 : 4 + MARKS * marks.size();
    int height = top + LINE * series.size() + 6;
    StringBuilder svg = open(height, row.title() + ", " + row.unit());
    for (int i = 0; i < series.size(); i++) {
      Series one = series.get(i);
      int y = top + i * LINE;
      double median = one.samples().median();
      add(svg, "<text x='%d' y='%d' class='label'>%s</text>", LABELS - 8, y + 20, label(one));
      add(
          svg,
          "<rect x='%d' y='%d' width='%.1f' height='%d' class='bar %s%s'/>",
          LABELS,
          y + 7,
          Math.max(1, median / most * PLOT),
          BAR,
          one.side().id(),
          one.comparable() ? "" : " apart");
      for (double value : one.values()) {
        add(svg, "<circle cx='%.1f' cy='%d' r='3.2' class='dot'/>", x(value, most), y + 16);
      }
      add(
          svg,
          "<text x='%d' y='%d' class='value'>%s</text>",
          LABELS + PLOT + 10,
          y + 20,
          Figures.text(median, row.unit()));
    }
    int line = 0;
    for (Map.Entry<String, Double> mark : marks.entrySet()) {
      mark(svg, mark, row.unit(), most, 4 + MARKS * line++, height);
    }
    return svg.append("</svg>").toString();
  }

  private static void mark(
      StringBuilder svg,
      Map.Entry<String, Double> mark,
      String unit,
      double most,
      int y,
      int height) {
    boolean beyond = mark.getValue() > most;
    double x = beyond ? LABELS + PLOT : x(mark.getValue(), most);
    String text = mark.getKey() + ": " + Figures.text(mark.getValue(), unit);
    add(
        svg,
        "<text x='%.1f' y='%d' class='mark' text-anchor='%s'>%s</text>",
        x + (x > LABELS + PLOT / 2.0 ? -4 : 4),
        y + 12,
        x > LABELS + PLOT / 2.0 ? "end" : "start",
        Html.escaped(beyond ? text + ", off this chart \u2192" : text));
    if (!beyond) {
      add(svg, "<path d='M%.1f %d V%d' class='claim'/>", x, y + 2, height - 4);
    }
  }

  /** The stages of a start, one line for each side, on one scale. */
  static String timelines(List<Timeline> timelines) {
    double most = 1;
    for (Timeline timeline : timelines) {
      most = Math.max(most, timeline.stages().stream().mapToDouble(Stage::millis).sum());
    }
    StringBuilder svg = open(LINE * timelines.size() + 6, "Where the time of a start goes");
    for (int i = 0; i < timelines.size(); i++) {
      Timeline timeline = timelines.get(i);
      double sum = 0;
      int y = i * LINE;
      add(
          svg,
          "<text x='%d' y='%d' class='label'>%s</text>",
          LABELS - 8,
          y + 20,
          Html.escaped(timeline.side().title()));
      int number = 0;
      for (Stage stage : timeline.stages()) {
        add(
            svg,
            "<rect x='%.1f' y='%d' width='%.1f' height='%d' class='stage s%d'><title>%s</title></rect>",
            LABELS + sum / most * PLOT,
            y + 7,
            Math.max(0.5, stage.millis() / most * PLOT),
            BAR,
            number++ % 5,
            Html.escaped(stage.title() + ": " + Figures.text(stage.millis(), "ms")));
        sum += stage.millis();
      }
      add(
          svg,
          "<text x='%d' y='%d' class='value'>%s</text>",
          LABELS + PLOT + 10,
          y + 20,
          Figures.text(sum, "ms"));
    }
    return svg.append("</svg>").toString();
  }

  private static String label(Series series) {
    return Html.escaped(series.side().title()) + (series.comparable() ? "" : " *");
  }

  private static double x(double value, double most) {
    return LABELS + value / most * PLOT;
  }

  private static StringBuilder open(int height, String title) {
    StringBuilder svg = new StringBuilder();
    add(
        svg,
        "<svg viewBox='0 0 %d %d' role='img' xmlns='http://www.w3.org/2000/svg'><title>%s</title>",
        WIDTH,
        height,
        Html.escaped(title));
    add(svg, "<path d='M%d 0 V%d' class='axis'/>", LABELS, height);
    return svg;
  }

  private static void add(StringBuilder svg, String format, Object... arguments) {
    svg.append(String.format(Locale.ROOT, format, arguments));
  }
}
