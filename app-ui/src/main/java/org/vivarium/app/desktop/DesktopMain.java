package org.vivarium.app.desktop;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import javafx.application.Platform;
import javafx.stage.Stage;
import org.vivarium.app.Main;
import org.vivarium.app.desktop.base.Background;
import org.vivarium.app.desktop.compare.LocalLab;
import org.vivarium.app.desktop.machines.HostModel;
import org.vivarium.images.DurableFiles;
import org.vivarium.vmm.Folders;
import org.vivarium.vmm.client.LocalMachines;
import org.vivarium.vmm.client.VmLauncher;
import org.vivarium.vmm.process.JavaLauncher;

/** Where the desktop's process starts. Closing its window leaves every machine running. */
public final class DesktopMain {
  /**
   * The environment variable in which the launcher says how machines' processes are started: the
   * Java runtime and its options, a word a line. They need no JavaFX.
   */
  private static final String MACHINE_JAVA = "VIVARIUM_MACHINE_JAVA";

  private static final String TRAIN = "--train";
  private static final String BENCH = "--bench";
  private static final String PICTURES = "--pictures";

  private DesktopMain() {}

  /**
   * Opens the window; with {@code --train}, walks through it for the start-up cache and ends; with
   * {@code --bench}, measures it, over no machines, and ends; with {@code --pictures FOLDER}, draws
   * its pages with machines of its own, and ends.
   */
  public static void main(String[] args) throws InterruptedException {
    boolean train = args.length == 1 && args[0].equals(TRAIN);
    boolean bench = args.length == 1 && args[0].equals(BENCH);
    boolean pictures = args.length == 2 && args[0].equals(PICTURES);
    CompletableFuture<Desktop> opened = new CompletableFuture<>();
    CompletableFuture<Instant> drawn = new CompletableFuture<>();
    try {
      Folders folders = train || bench || pictures ? throwAway() : Folders.standard();
      Platform.startup(
          () -> {
            open(folders, opened);
            if (bench) {
              DesktopBench.firstFrame().thenAccept(drawn::complete);
            }
          });
      Desktop desktop = opened.get();
      if (train) {
        DesktopTraining.run(desktop);
        exit(0);
        return;
      }
      if (bench) {
        done("The window could not be measured", () -> DesktopBench.run(desktop, drawn));
      }
      if (pictures) {
        done("The pictures could not be drawn", () -> Pictures.draw(desktop, Path.of(args[1])));
      }
    } catch (UnsupportedOperationException | IOException e) {
      fail(String.valueOf(e.getMessage()));
    } catch (ExecutionException e) {
      fail(String.valueOf(e.getCause()));
    }
  }

  private static Folders throwAway() throws IOException {
    Path folder = Files.createTempDirectory("vivarium-");
    Runtime.getRuntime().addShutdownHook(new Thread(() -> delete(folder)));
    return new Folders(folder);
  }

  private static void delete(Path folder) {
    try {
      DurableFiles.deleteFolder(folder);
    } catch (IOException e) {
      System.err.println("The folder %s stays: %s".formatted(folder, e.getMessage()));
    }
  }

  /** Does what this process is for besides its window, and ends it. */
  private static void done(String otherwise, Background.Work work) {
    try {
      work.run();
      exit(0);
    } catch (Exception e) {
      System.err.println(otherwise + ": " + e.getMessage());
      exit(1);
    }
  }

  /** On JavaFX's own thread, which would else still draw after what it draws with has ended. */
  private static void exit(int status) {
    Platform.runLater(() -> System.exit(status));
  }

  private static void fail(String why) {
    System.err.println(
        "The window cannot be opened (%s). Check the display, or see: vivarium --help"
            .formatted(why));
    System.exit(1);
  }

  private static void open(Folders folders, CompletableFuture<Desktop> opened) {
    try {
      LocalMachines machines = new LocalMachines(folders, launcher());
      Stage stage = new Stage();
      Desktop desktop =
          new Desktop(
              new Desktop.Setting(
                  machines,
                  HostModel::automatic,
                  new LocalLab(folders.images(), java()),
                  folders.home()),
              stage);
      Thread.setDefaultUncaughtExceptionHandler(
          (_, thrown) -> desktop.model().ui().errors().report(thrown));
      stage.setOnHidden(
          _ -> {
            desktop.close();
            System.exit(0);
          });
      opened.complete(desktop);
    } catch (RuntimeException | LinkageError e) {
      opened.completeExceptionally(e);
    }
  }

  /** What the lab starts this program's processes with. */
  private static List<String> java() {
    String words = System.getenv().getOrDefault(MACHINE_JAVA, "");
    return words.isEmpty()
        ? List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path"))
        : List.of(words.split("\n"));
  }

  private static VmLauncher launcher() {
    String words = System.getenv().getOrDefault(MACHINE_JAVA, "");
    List<String> program = List.of(Main.class.getName(), JavaLauncher.VM);
    return words.isEmpty()
        ? JavaLauncher.likeThisProcess(program)
        : new JavaLauncher(List.of(words.split("\n")), program);
  }
}
