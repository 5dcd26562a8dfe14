package org.vivarium.app.desktop;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import javafx.scene.Scene;
import javafx.scene.control.ScrollPane;
import javafx.scene.image.Image;
import org.vivarium.app.desktop.base.FxThread;
import org.vivarium.app.desktop.base.Settings.ThemeChoice;
import org.vivarium.app.desktop.base.Texts;
import org.vivarium.app.desktop.chart.PngWriter;
import org.vivarium.app.desktop.machines.DiskCommands;
import org.vivarium.app.desktop.machines.MachineModel;
import org.vivarium.app.desktop.machines.NewMachines;
import org.vivarium.app.desktop.page.MachinePage;
import org.vivarium.app.desktop.shell.DeskModel;
import org.vivarium.app.lab.Measure;
import org.vivarium.app.lab.Plan;
import org.vivarium.app.lab.Side;
import org.vivarium.app.machines.MachineSnapshots;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.client.MachineConnection;
import org.vivarium.vmm.client.MachineConnection.Console;
import org.vivarium.vmm.client.MachineConnection.ConsoleConnection;
import org.vivarium.vmm.client.MachineSummary.State;

/**
 * Draws every page in both themes into PNG files, with real machines that do real work: the
 * pictures of docs/images. Runs on a thread that is not JavaFX's, over a home folder of its own.
 */
final class Pictures {
  private static final Duration PATIENCE = Duration.ofMinutes(10);
  private static final long POLL_MILLIS = 200;
  private static final long SETTLE_MILLIS = 1500;

  /** Most of a chart of a minute is filled then. */
  private static final long WORK_MILLIS = 55_000;

  /** Where on the page of a comparison its bars are. */
  private static final double RESULTS = 1;

  private static final String PROMPT = "~# ";
  private static final String SHOWN = NewMachines.FIRST;
  private static final String PAUSED = "web";
  private static final String STOPPED = "build-box";

  private static final String WORK =
      """
      clear; mke2fs /dev/vda >/dev/null 2>&1; mount /dev/vda /mnt
      (while :; do dd if=/dev/urandom of=/mnt/data bs=64k count=96; sync; md5sum /mnt/data; \
      sleep 4; done) >/dev/null 2>&1 &
      clear; uname -a; free -m; df -h /mnt; ls --color /
      """;

  private final Desktop desktop;
  private final Scene scene;
  private final Path folder;

  private Pictures(Desktop desktop, Scene scene, Path folder) {
    this.desktop = desktop;
    this.scene = scene;
    this.folder = folder;
  }

  /** Draws all pages into {@code folder}. */
  static void draw(Desktop desktop, Path folder) throws Exception {
    Files.createDirectories(folder);
    Pictures pictures = new Pictures(desktop, desktop.view().getScene(), folder);
    try {
      pictures.drawAll();
    } finally {
      pictures.turnOff();
    }
  }

  private DeskModel desk() {
    return desktop.model();
  }

  private void drawAll() throws Exception {
    await("this computer is known", () -> desk().host().engine().get().isPresent());
    each("welcome", () -> {});
    prepareMachines();
    compare();
    onFx(() -> type(SHOWN, WORK));
    onFx(() -> desk().show(machine(SHOWN), MachinePage.Part.OVERVIEW));
    Thread.sleep(WORK_MILLIS);
    for (MachinePage.Part part : MachinePage.Part.values()) {
      MachineModel shown = machine(part == MachinePage.Part.SNAPSHOTS ? STOPPED : SHOWN);
      each(part.name().toLowerCase(Locale.ROOT), () -> desk().show(shown, part));
    }
    each("new", () -> desk().page().set(DeskModel.Page.NEW_MACHINE));
    each("images", () -> desk().page().set(DeskModel.Page.IMAGES));
    each("compare", () -> desk().page().set(DeskModel.Page.COMPARE));
    each("compare-results", () -> scroll(RESULTS));
    each(
        "several",
        () -> {
          desk().selected().setAll(desk().machines().list());
          desk().page().set(DeskModel.Page.MACHINES);
        });
    onFx(() -> desktop.settings().language().set(Texts.Language.TRADITIONAL_CHINESE));
    await("machines are listed", () -> desk().machines().find(SHOWN).isPresent());
    await("its samples have come", () -> !machine(SHOWN).history().points().isEmpty());
    each("overview-zh", () -> desk().show(machine(SHOWN), MachinePage.Part.OVERVIEW));
  }

  /** One that runs and has a disk, one that is paused, and one that is off and has snapshots. */
  private void prepareMachines() throws Exception {
    onFx(() -> desk().startFirstLinux());
    await("the prompt is there", () -> console(SHOWN).contains(PROMPT));
    for (String name : List.of(PAUSED, STOPPED)) {
      onFx(
          () ->
              desk()
                  .machines()
                  .create(NewMachines.firstLinux(name), _ -> {}, desk().ui().errors()::report));
      await("it is made", () -> desk().machines().find(name).isPresent());
    }
    for (String name : List.of(SHOWN, STOPPED)) {
      onFx(
          () ->
              new DiskCommands(desk().ui(), machine(name))
                  .create(Path.of(name + ".qcow2"), 8L << 30));
      await("it has its disk", () -> hasDisk(name));
    }
    MachineSnapshots snapshots =
        new MachineSnapshots(desk().machines().home(), desk().machines().machines());
    snapshots.take(STOPPED, "fresh", "as it was made");
    snapshots.take(STOPPED, "before-upgrade", "");
    onFx(() -> machine(PAUSED).start());
    await("it runs", () -> machine(PAUSED).status().get() != null && booted(PAUSED));
    onFx(() -> machine(PAUSED).ask(MachineConnection::pause));
    await("it is paused", () -> machine(PAUSED).state().get() == State.PAUSED);
  }

  private void compare() throws Exception {
    Plan plan =
        new Plan(
            "busybox",
            List.of("sh", "-c", "echo ready; exec sleep 3600"),
            EnumSet.of(Measure.START, Measure.STOP, Measure.SIZE, Measure.MEMORY),
            EnumSet.of(Side.HOST, Side.CONTAINER, Side.MACHINE),
            3,
            1,
            256,
            Duration.ofMinutes(2),
            false,
            "");
    onFx(() -> desk().compare().begin(plan));
    await("the comparison has ended", () -> !desk().compare().isRunning());
  }

  private MachineModel machine(String name) {
    return desk().machines().find(name).orElseThrow();
  }

  private boolean hasDisk(String name) {
    return !machine(name).definition().orElseThrow().devices().disks().isEmpty();
  }

  private boolean booted(String name) {
    return machine(name).history().points().size() > 20;
  }

  private String console(String name) {
    return desk()
        .machines()
        .find(name)
        .flatMap(desktop.view()::pageOf)
        .map(page -> page.console().text())
        .orElse("");
  }

  private void type(String name, String words) {
    machine(name)
        .ask(
            connection -> {
              ConsoleConnection console = connection.openConsole(Console.SERIAL);
              try {
                // A line at a time: the guest's serial port has no room for more.
                for (String line : words.split("(?<=\n)")) {
                  byte[] bytes = line.getBytes(StandardCharsets.UTF_8);
                  console.write(bytes, 0, bytes.length);
                  Thread.sleep(SETTLE_MILLIS);
                }
              } finally {
                console.close();
              }
            });
  }

  private void scroll(double place) {
    if (scene.lookup("#compare") instanceof ScrollPane page) {
      page.setVvalue(place);
    }
  }

  /** Draws one page in both themes. */
  private void each(String name, Runnable show) throws Exception {
    for (ThemeChoice theme : List.of(ThemeChoice.LIGHT, ThemeChoice.DARK)) {
      onFx(
          () -> {
            desktop.settings().theme().set(theme);
            show.run();
          });
      Thread.sleep(SETTLE_MILLIS);
      Image image = onFx(() -> scene.snapshot(null));
      Path file = folder.resolve(name + "-" + theme.name().toLowerCase(Locale.ROOT) + ".png");
      PngWriter.write(image, file);
      System.out.println(file);
    }
  }

  private void turnOff() throws VmmException, IOException {
    for (String name : List.of(SHOWN, PAUSED)) {
      try (MachineConnection connection = desk().machines().machines().connect(name)) {
        connection.kill();
      }
    }
  }

  private static void await(String what, Callable<Boolean> condition) throws Exception {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (!onFx(condition)) {
      if (System.nanoTime() > end) {
        throw new IllegalStateException("It was waited in vain that " + what);
      }
      Thread.sleep(POLL_MILLIS);
    }
  }

  private static void onFx(Runnable task) throws Exception {
    onFx(
        () -> {
          task.run();
          return true;
        });
  }

  private static <T> T onFx(Callable<T> task) throws InterruptedException, ExecutionException {
    CompletableFuture<T> done = new CompletableFuture<>();
    FxThread.run(
        () -> {
          try {
            done.complete(task.call());
          } catch (Exception e) {
            done.completeExceptionally(e);
          }
        });
    return done.get();
  }
}
