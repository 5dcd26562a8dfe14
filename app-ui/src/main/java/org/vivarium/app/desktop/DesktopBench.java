package org.vivarium.app.desktop;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import javafx.animation.AnimationTimer;
import javafx.application.Platform;
import javafx.scene.Scene;
import javafx.scene.layout.GridPane;
import javafx.stage.Stage;
import org.vivarium.app.desktop.chart.ChartClock;
import org.vivarium.app.desktop.chart.Series;
import org.vivarium.app.desktop.chart.TimeChart;
import org.vivarium.app.desktop.machines.History;
import org.vivarium.app.desktop.machines.Point;
import org.vivarium.vmm.client.MetricSample;

/**
 * Measures the window itself: its start, what it costs while nothing happens, and how many frames a
 * second it draws while ten graphs of 15 minutes move in each.
 */
final class DesktopBench {
  /** The environment variable in which the launcher says when it was started. */
  private static final String START = "VIVARIUM_START_NS";

  private static final Duration SETTLE = Duration.ofSeconds(5);
  private static final Duration IDLE = Duration.ofSeconds(20);
  private static final int GRAPHS = 10;
  private static final int COLUMNS = 2;
  private static final long FRAMES_NANOS = 10_000_000_000L;
  private static final double NANOS = 1e9;

  private DesktopBench() {}

  /** Hears when the window's first frame has been drawn; called on the JavaFX thread. */
  static CompletableFuture<Instant> firstFrame() {
    CompletableFuture<Instant> drawn = new CompletableFuture<>();
    new AnimationTimer() {
      private int pulses;

      @Override
      public void handle(long now) {
        // The timer is called before a frame is drawn, and the next only after it has been.
        if (++pulses == 2) {
          drawn.complete(Instant.now());
          stop();
        }
      }
    }.start();
    return drawn;
  }

  /** Measures and prints; on a thread that is not JavaFX's. */
  static void run(CompletableFuture<Instant> firstFrame)
      throws InterruptedException, ExecutionException {
    Instant drawn = firstFrame.get();
    String started = System.getenv().getOrDefault(START, "");
    if (!started.isEmpty()) {
      long nanos = Long.parseLong(started);
      Instant start = Instant.ofEpochSecond(nanos / 1_000_000_000, nanos % 1_000_000_000);
      print("Start to first frame  %.0f ms", Duration.between(start, drawn).toNanos() / 1e6);
    }
    Thread.sleep(SETTLE);
    long before = cpu();
    Thread.sleep(IDLE);
    print("Idle                  %.1f %% of a core", (cpu() - before) * 100.0 / IDLE.toNanos());
    CompletableFuture<Double> frames = new CompletableFuture<>();
    Platform.runLater(() -> drawGraphs(frames));
    print("Ten graphs            %.1f frames a second", frames.get());
  }

  private static void print(String format, double value) {
    System.out.println(String.format(Locale.ROOT, format, value));
  }

  private static long cpu() {
    return ProcessHandle.current().info().totalCpuDuration().orElse(Duration.ZERO).toNanos();
  }

  private static void drawGraphs(CompletableFuture<Double> done) {
    History history = new History();
    List<MetricSample> samples = new ArrayList<>();
    for (int second = 0; second < History.SECONDS; second++) {
      samples.add(sample(second));
    }
    history.add(samples);
    ChartClock clock = new ChartClock();
    clock.minutes().set(History.SECONDS / 60);
    GridPane grid = new GridPane();
    TimeChart.Spec spec = new TimeChart.Spec("CPU", true, false, 1, Double::toString);
    for (int i = 0; i < GRAPHS; i++) {
      TimeChart chart =
          new TimeChart(
              spec,
              List.of(
                  new Series("a", "series-guest", Point::guestCpu),
                  new Series("b", "series-vmm", Point::vmmCpu)),
              history,
              clock);
      chart.setPrefSize(620, 150);
      grid.add(chart, i % COLUMNS, i / COLUMNS);
    }
    Stage stage = new Stage();
    stage.setScene(new Scene(grid));
    stage.show();
    new AnimationTimer() {
      private long first;
      private long frames;

      @Override
      public void handle(long now) {
        first = first == 0 ? now : first;
        if (now - first >= FRAMES_NANOS) {
          stop();
          stage.close();
          done.complete(frames * NANOS / (now - first));
          return;
        }
        frames++;
        // A second passes with each frame, so that each graph is drawn anew in each.
        history.add(List.of(sample(History.SECONDS + frames)));
      }
    }.start();
  }

  private static MetricSample sample(long second) {
    long wave = Math.round((Math.sin(second / 20.0) + 1) * 4e8 * second);
    return new MetricSample(
        second * 1000,
        List.of(new MetricSample.VcpuTime(second * 500_000_000, wave / 100)),
        second * 50_000_000,
        256 << 20,
        100 << 20,
        20 << 20,
        180 << 20,
        80 << 20,
        List.of(),
        Map.of());
  }
}
