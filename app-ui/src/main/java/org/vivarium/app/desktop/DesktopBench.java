package org.vivarium.app.desktop;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import javafx.animation.AnimationTimer;
import javafx.application.Platform;
import javafx.scene.Scene;
import javafx.scene.layout.GridPane;
import javafx.stage.Stage;
import org.vivarium.app.desktop.chart.ChartClock;
import org.vivarium.app.desktop.chart.Series;
import org.vivarium.app.desktop.chart.TimeChart;
import org.vivarium.app.desktop.machines.History;
import org.vivarium.app.desktop.machines.NewMachines;
import org.vivarium.app.desktop.machines.Point;
import org.vivarium.images.Progress;
import org.vivarium.images.catalog.Catalogue;
import org.vivarium.vmm.client.MachineConnection;
import org.vivarium.vmm.client.MetricSample;

/**
 * Measures the window itself: its start, what it costs while nothing happens, what it adds to the
 * start of a machine, and how many frames a second it draws while ten graphs of 15 minutes move in
 * each, with what is on the heap before and after an hour's worth of samples. What a guest that
 * prints much does to it is {@link ConsoleBurst}'s.
 */
final class DesktopBench {
  /** The environment variable in which the launcher says when it was started. */
  private static final String START = "VIVARIUM_START_NS";

  private static final Duration SETTLE = Duration.ofSeconds(5);
  private static final Duration IDLE = Duration.ofSeconds(20);
  private static final int GRAPHS = 10;
  private static final int COLUMNS = 2;

  /** A second passes in each frame, so that this is an hour. */
  private static final int SAMPLES = 3600;

  private static final int CLICKS = 3;
  private static final Duration PATIENCE = Duration.ofMinutes(5);
  private static final double NANOS = 1e9;
  private static final double TICKS = 100;
  private static final Path UPTIME = Path.of("/proc/uptime");
  private static final double MIB = 1 << 20;

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
  static void run(Desktop desktop, CompletableFuture<Instant> firstFrame) throws Exception {
    Instant drawn = firstFrame.get();
    String started = System.getenv().getOrDefault(START, "");
    if (!started.isEmpty()) {
      long nanos = Long.parseLong(started);
      Instant start = Instant.ofEpochSecond(nanos / 1_000_000_000, nanos % 1_000_000_000);
      print("Start to first frame  %.0f ms", Duration.between(start, drawn).toNanos() / 1e6);
    }
    print("  of processor time   %.0f ms", cpu() / 1e6);
    Thread.sleep(SETTLE);
    long before = cpu();
    Thread.sleep(IDLE);
    print("Idle                  %.1f %% of a core", (cpu() - before) * 100.0 / IDLE.toNanos());
    long heap = heap();
    CompletableFuture<Double> frames = new CompletableFuture<>();
    Platform.runLater(() -> drawGraphs(frames));
    print("Ten graphs            %.1f frames a second", frames.get());
    print("Heap before           %.1f MiB", heap / MIB);
    print("Heap after an hour's  %.1f MiB", heap() / MIB);
    click(desktop);
    ConsoleBurst.run(desktop);
  }

  /** What is on the heap and reachable. */
  private static long heap() {
    System.gc();
    Runtime runtime = Runtime.getRuntime();
    return runtime.totalMemory() - runtime.freeMemory();
  }

  /** Starts machines as the one big button does, whose image is there already. */
  private static void click(Desktop desktop) throws Exception {
    Path home = desktop.model().machines().home();
    Catalogue catalogue = Catalogue.open(home, System.getenv());
    catalogue.prepare(catalogue.entry(NewMachines.TINY), Progress.NONE);
    for (int i = 0; i < CLICKS; i++) {
      double up = Double.parseDouble(Files.readString(UPTIME).split(" ")[0]);
      Instant clicked = Instant.now();
      Platform.runLater(desktop.model()::startFirstLinux);
      String name = i == 0 ? NewMachines.FIRST : NewMachines.FIRST + "-" + (i + 1);
      Path log = home.resolve("vms").resolve(name).resolve("state").resolve("console.log");
      Instant printed = await(() -> log.toFile().length() > 0);
      Instant shown = await(() -> !shown(desktop, name).isBlank());
      try (MachineConnection connection = desktop.model().machines().machines().connect(name)) {
        double begun = (startSeconds(connection.status().pid()) - up) * 1000;
        connection.kill();
        double process = millis(clicked, printed) - begun;
        print("Click to console      %.0f ms", millis(clicked, shown));
        print("  of the VM process   %.0f ms", process);
        print("  beyond it           %.0f ms", millis(clicked, shown) - process);
      }
    }
  }

  /** When a process was started, seconds since the computer was (proc(5), the 22nd field). */
  private static double startSeconds(long pid) throws IOException {
    String stat = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
    return Long.parseLong(stat.substring(stat.lastIndexOf(')') + 2).split(" ")[19]) / TICKS;
  }

  /** What the window shows of a machine's console. Blocks. */
  static String shown(Desktop desktop, String name) {
    CompletableFuture<String> text = new CompletableFuture<>();
    Platform.runLater(
        () ->
            text.complete(
                desktop
                    .model()
                    .machines()
                    .find(name)
                    .flatMap(desktop.view()::pageOf)
                    .map(page -> page.console().text())
                    .orElse("")));
    return text.join();
  }

  /** Waits; returns when it has come about. */
  static Instant await(BooleanSupplier condition) throws InterruptedException {
    Instant end = Instant.now().plus(PATIENCE);
    while (!condition.getAsBoolean()) {
      if (Instant.now().isAfter(end)) {
        throw new IllegalStateException("A machine has not shown what was waited for");
      }
      Thread.sleep(1);
    }
    return Instant.now();
  }

  static double millis(Instant from, Instant to) {
    return Duration.between(from, to).toNanos() / 1e6;
  }

  static void print(String format, double value) {
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
        if (frames >= SAMPLES) {
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
