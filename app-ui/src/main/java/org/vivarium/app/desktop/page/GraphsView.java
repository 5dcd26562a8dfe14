package org.vivarium.app.desktop.page;

import java.io.File;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javafx.geometry.Bounds;
import javafx.geometry.Rectangle2D;
import javafx.scene.Node;
import javafx.scene.SnapshotParameters;
import javafx.scene.control.ToggleButton;
import javafx.scene.control.ToggleGroup;
import javafx.scene.image.WritableImage;
import javafx.scene.layout.ColumnConstraints;
import javafx.scene.layout.GridPane;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;
import javafx.scene.layout.RowConstraints;
import javafx.scene.layout.VBox;
import javafx.scene.paint.Color;
import javafx.scene.paint.Paint;
import javafx.stage.FileChooser;
import org.kordamp.ikonli.feather.Feather;
import org.kordamp.ikonli.javafx.FontIcon;
import org.vivarium.app.desktop.base.Background;
import org.vivarium.app.desktop.base.Controls;
import org.vivarium.app.desktop.base.Ui;
import org.vivarium.app.desktop.chart.ChartClock;
import org.vivarium.app.desktop.chart.PngWriter;
import org.vivarium.app.desktop.chart.Series;
import org.vivarium.app.desktop.chart.TimeChart;
import org.vivarium.app.desktop.machines.History;
import org.vivarium.app.desktop.machines.HistoryCsv;
import org.vivarium.app.desktop.machines.MachineModel;
import org.vivarium.app.desktop.machines.Point;

/** What a machine does and costs, over the last 1 to 15 minutes. */
final class GraphsView extends VBox {
  private static final int[] MINUTES = {1, 5, 15};
  private static final int NAMED_EXITS = 3;

  /** Round the charts in a picture, pixels. */
  private static final int MARGIN = 16;

  private final Ui ui;
  private final MachineModel machine;
  private final ChartClock clock = new ChartClock();
  private final GridPane grid = new GridPane();
  private List<String> namedExits = List.of();
  private boolean emulated;

  GraphsView(Ui ui, MachineModel machine) {
    super(16);
    this.ui = ui;
    this.machine = machine;
    getStyleClass().add("page");
    grid.setHgap(16);
    grid.setVgap(16);
    for (int i = 0; i < 2; i++) {
      ColumnConstraints column = new ColumnConstraints();
      column.setPercentWidth(50);
      grid.getColumnConstraints().add(column);
    }
    for (int i = 0; i < 3; i++) {
      RowConstraints row = new RowConstraints();
      row.setPercentHeight(100.0 / 3);
      grid.getRowConstraints().add(row);
    }
    VBox.setVgrow(grid, Priority.ALWAYS);
    grid.add(chart(Charts.cpu(ui), Charts.cpuSeries(ui)), 0, 0);
    grid.add(chart(Charts.guestMemory(ui), Charts.guestMemorySeries(ui)), 0, 1);
    grid.add(chart(Charts.hostMemory(ui), Charts.hostMemorySeries(ui)), 1, 1);
    grid.add(chart(Charts.disk(ui), Charts.diskSeries(ui)), 0, 2);
    grid.add(chart(Charts.network(ui), Charts.networkSeries(ui)), 1, 2);
    showExits();
    machine.history().revision().subscribe(_ -> nameExits(machine.history()));
    machine
        .status()
        .subscribe(
            status -> {
              if (status != null && emulated != status.engine().equals("qemu")) {
                emulated = !emulated;
                showExits();
              }
            });
    getChildren().addAll(toolbar(), grid);
  }

  private TimeChart chart(TimeChart.Spec spec, List<Series> series) {
    TimeChart chart = new TimeChart(spec, series, machine.history(), clock);
    chart.setMinSize(0, 0);
    return chart;
  }

  private HBox toolbar() {
    HBox choices = new HBox();
    choices.getStyleClass().add("segmented");
    ToggleGroup group = new ToggleGroup();
    for (int i = 0; i < MINUTES.length; i++) {
      int minutes = MINUTES[i];
      ToggleButton button = new ToggleButton(ui.text("graphs.minutes", minutes));
      button.getStyleClass().add(i == 0 ? "left-pill" : i == 2 ? "right-pill" : "center-pill");
      button.setToggleGroup(group);
      button.setSelected(minutes == clock.minutes().get());
      button.setOnAction(
          _ -> {
            button.setSelected(true);
            clock.minutes().set(minutes);
          });
      choices.getChildren().add(button);
    }
    ToggleButton pause = new ToggleButton(ui.text("graphs.pause"), new FontIcon(Feather.PAUSE));
    pause.setId("pause-graphs");
    pause.setOnAction(
        _ ->
            clock
                .pausedAt()
                .set(
                    pause.isSelected()
                        ? machine.history().latest().map(Point::millis).orElse(0L)
                        : 0));
    return Controls.row(
        16,
        choices,
        pause,
        Controls.spacer(),
        new HBox(
            8,
            Controls.button(Feather.DOWNLOAD, ui.text("graphs.csv"), this::saveCsv),
            Controls.button(Feather.IMAGE, ui.text("graphs.png"), this::savePng)));
  }

  /** The reasons for exits that weigh most get a colour of their own; they are chosen once. */
  private void nameExits(History history) {
    if (!namedExits.isEmpty() || history.points().size() < 3) {
      return;
    }
    Map<String, Double> sums = new HashMap<>();
    history
        .points()
        .forEach(p -> p.exits().forEach((why, rate) -> sums.merge(why, rate, Double::sum)));
    namedExits =
        sums.entrySet().stream()
            .sorted(Map.Entry.<String, Double>comparingByValue().reversed())
            .limit(NAMED_EXITS)
            .map(Map.Entry::getKey)
            .toList();
    if (!namedExits.isEmpty()) {
      showExits();
    }
  }

  private void showExits() {
    grid.getChildren().removeIf(GraphsView::isExitChart);
    TimeChart exits = chart(Charts.exits(ui), Charts.exitSeries(ui, namedExits));
    exits.setNote(emulated ? ui.text("chart.noExits") : "");
    exits.getStyleClass().add("exit-chart");
    grid.add(exits, 1, 0);
  }

  private static boolean isExitChart(Node node) {
    return node.getStyleClass().contains("exit-chart");
  }

  private void saveCsv() {
    List<Point> points = List.copyOf(machine.history().points());
    save("csv", file -> HistoryCsv.write(points, file.toPath()));
  }

  private void savePng() {
    Bounds place = grid.getBoundsInParent();
    SnapshotParameters whole = new SnapshotParameters();
    whole.setFill(ground());
    whole.setViewport(
        new Rectangle2D(
            place.getMinX() - MARGIN,
            place.getMinY() - MARGIN,
            place.getWidth() + 2 * MARGIN,
            place.getHeight() + 2 * MARGIN));
    WritableImage image = grid.snapshot(whole, null);
    save("png", file -> PngWriter.write(image, file.toPath()));
  }

  /** What the page lies on. */
  private Paint ground() {
    return getScene().lookup(".shell") instanceof Region shell && shell.getBackground() != null
        ? shell.getBackground().getFills().getFirst().getFill()
        : Color.TRANSPARENT;
  }

  /** Writes a file; blocks. */
  @FunctionalInterface
  private interface Saver {
    void save(File file) throws Exception;
  }

  private void save(String kind, Saver saver) {
    FileChooser chooser = new FileChooser();
    chooser.setInitialFileName(machine.name() + "." + kind);
    chooser.setTitle(ui.text("graphs." + kind));
    File file = chooser.showSaveDialog(getScene().getWindow());
    if (file != null) {
      Background.Work work = () -> saver.save(file);
      ui.background().run(work, () -> {}, ui.errors()::report);
    }
  }
}
