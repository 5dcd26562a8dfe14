package org.vivarium.app.desktop;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import javafx.application.Platform;
import javafx.stage.Stage;
import org.vivarium.app.desktop.base.FxThread;
import org.vivarium.app.desktop.base.Settings.ThemeChoice;
import org.vivarium.app.desktop.base.Texts;
import org.vivarium.app.desktop.chart.PngWriter;
import org.vivarium.app.desktop.machines.Definitions;
import org.vivarium.app.desktop.machines.MachineModel;
import org.vivarium.app.desktop.machines.NewMachines;
import org.vivarium.app.desktop.page.MachinePage;
import org.vivarium.app.desktop.shell.DeskModel;
import org.vivarium.vmm.config.DiskConfig;
import org.vivarium.vmm.config.DiskFormat;
import org.vivarium.vmm.config.RateLimit;
import org.vivarium.vmm.definition.VmDefinition;
import org.vivarium.vmm.engine.EngineChoice;

/**
 * Draws every page in both themes and two sizes into PNG files, with fake machines; run with {@code
 * -Dglass.platform=Headless -Dprism.order=sw} and a folder as the argument.
 */
final class Screenshots {
  private static final long SETTLE_MILLIS = 900;

  private final Path folder;
  private final FakeLab lab = new FakeLab();
  private final FakeMachines machines;
  private final Desktop desktop;
  private final Stage stage;

  private Screenshots(Path folder, Stage stage) throws Exception {
    this.folder = folder;
    this.stage = stage;
    Path home = Files.createTempDirectory("vivarium-screenshots");
    machines = new FakeMachines(home);
    desktop =
        new Desktop(
            new Desktop.Setting(
                machines,
                () ->
                    new EngineChoice.Decision(
                        "qemu",
                        "Engine: qemu (software emulation), because this CPU offers no hardware"
                            + " virtualization (no svm or vmx flag in /proc/cpuinfo).",
                        Optional.of(
                            "turn on AMD-V (SVM) or Intel VT-x in the firmware setup, or nested"
                                + " virtualization if this computer is itself a virtual machine")),
                lab,
                home),
            stage);
  }

  /** Draws them all. */
  public static void main(String[] args) throws Exception {
    Path folder = Files.createDirectories(Path.of(args[0]));
    CompletableFuture<Screenshots> made = new CompletableFuture<>();
    Platform.startup(
        () -> {
          try {
            made.complete(new Screenshots(folder, new Stage()));
          } catch (Exception e) {
            made.completeExceptionally(e);
          }
        });
    try {
      made.get(30, TimeUnit.SECONDS).drawAll(args.length > 1 ? args[1] : "");
    } finally {
      Platform.exit();
    }
    System.exit(0);
  }

  private void drawAll(String only) throws Exception {
    for (int[] size :
        only.equals("quick")
            ? new int[][] {{1280, 800}}
            : new int[][] {{1280, 800}, {1920, 1080}}) {
      for (ThemeChoice theme : List.of(ThemeChoice.LIGHT, ThemeChoice.DARK)) {
        onFx(
            () -> {
              stage.setWidth(size[0]);
              stage.setHeight(size[1]);
              desktop.settings().theme().set(theme);
            });
        drawPages(theme.name().toLowerCase(java.util.Locale.ROOT) + "-" + size[0]);
      }
    }
  }

  private void drawPages(String suffix) throws Exception {
    if (machines.list().isEmpty()) {
      draw("welcome-" + suffix);
      addMachines();
    }
    MachineModel first = desktop.model().machines().find("first-linux").orElseThrow();
    for (MachinePage.Part part : MachinePage.Part.values()) {
      onFx(() -> desktop.model().show(first, part));
      draw(part.name().toLowerCase(java.util.Locale.ROOT) + "-" + suffix);
    }
    onFx(() -> desktop.model().page().set(DeskModel.Page.NEW_MACHINE));
    draw("new-" + suffix);
    onFx(() -> desktop.model().page().set(DeskModel.Page.IMAGES));
    draw("images-" + suffix);
    onFx(() -> desktop.model().page().set(DeskModel.Page.COMPARE));
    draw("compare-" + suffix);
    lab.holdBeforeTheEnd();
    onFx(() -> desktop.model().compare().begin(FakeLab.PLAN));
    draw("comparing-" + suffix);
    lab.goOn();
    Thread.sleep(SETTLE_MILLIS);
    for (double place : List.of(0.35, 1.0)) {
      onFx(
          () ->
              stage.getScene().getRoot().lookupAll("#compare").stream()
                  .map(javafx.scene.control.ScrollPane.class::cast)
                  .forEach(page -> page.setVvalue(place)));
      draw("compared-" + (int) (place * 100) + "-" + suffix);
    }
    onFx(
        () -> {
          desktop.model().selected().setAll(desktop.model().machines().list());
          desktop.model().page().set(DeskModel.Page.MACHINES);
        });
    draw("several-" + suffix);
    onFx(() -> desktop.settings().language().set(Texts.Language.TRADITIONAL_CHINESE));
    Thread.sleep(SETTLE_MILLIS);
    MachineModel chinese = desktop.model().machines().find("first-linux").orElseThrow();
    onFx(() -> desktop.model().show(chinese, MachinePage.Part.OVERVIEW));
    draw("chinese-" + suffix);
    onFx(() -> desktop.settings().language().set(Texts.Language.ENGLISH));
    Thread.sleep(SETTLE_MILLIS);
  }

  private void addMachines() throws Exception {
    VmDefinition linux = NewMachines.firstLinux("first-linux");
    DiskConfig disk =
        new DiskConfig(
            "disk0", Path.of("first-linux.qcow2"), DiskFormat.QCOW2, false, "", RateLimit.NONE);
    machines.create(Definitions.withDisk(linux, disk, true));
    org.vivarium.app.desktop.machines.DiskFiles.create(
        machines.folder("first-linux").resolve("first-linux.qcow2"), 8L << 30);
    for (String name : List.of("build-box", "debian-lab", "web-1", "web-2")) {
      machines.create(NewMachines.firstLinux(name));
    }
    for (String name : List.of("first-linux", "web-1", "web-2", "debian-lab")) {
      machines.start(name, (_, _) -> {});
      FakeLoad.fill(machines.process(name), 120, name.equals("first-linux") ? 0.8 : 0.1);
    }
    machines.process("web-1").setEngine("kvm");
    machines.connect("web-2").pause();
    machines
        .process("debian-lab")
        .end("The guest's kernel panicked: VFS: Unable to mount root fs.", false);
    FakeProcess process = machines.process("first-linux");
    process.print("uname -a\r\nLinux tiny 6.1.0-56-cloud-amd64 #1 SMP x86_64 GNU/Linux\r\n");
    process.print(
        "\u001b[32m~ #\u001b[0m ls --color /\r\n\u001b[34mbin  dev  etc  proc  root  run  sbin"
            + "  sys  tmp  usr\u001b[0m  init\r\n\u001b[32m~ #\u001b[0m ");
    process.tell(
        new org.vivarium.vmm.client.Notification.Logged(
            System.currentTimeMillis() - 40_000, "The guest's kernel has started.", false));
    process.tell(
        new org.vivarium.vmm.client.Notification.Logged(
            System.currentTimeMillis() - 4_000,
            "The disk disk0 could not write 4096 bytes at 0x1000: no space left on device.",
            true));
    Thread.sleep(SETTLE_MILLIS);
  }

  private void draw(String name) throws Exception {
    Thread.sleep(SETTLE_MILLIS);
    CompletableFuture<javafx.scene.image.Image> image = new CompletableFuture<>();
    FxThread.run(() -> image.complete(stage.getScene().snapshot(null)));
    PngWriter.write(image.get(10, TimeUnit.SECONDS), folder.resolve(name + ".png"));
  }

  private static void onFx(Runnable task) throws Exception {
    CompletableFuture<Boolean> done = new CompletableFuture<>();
    FxThread.run(
        () -> {
          task.run();
          done.complete(true);
        });
    done.get(10, TimeUnit.SECONDS);
  }
}
