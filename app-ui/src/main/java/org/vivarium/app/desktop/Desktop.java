package org.vivarium.app.desktop;

import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.Callable;
import javafx.scene.Scene;
import javafx.scene.image.Image;
import javafx.scene.layout.StackPane;
import javafx.stage.Stage;
import org.jspecify.annotations.Nullable;
import org.vivarium.app.desktop.base.Background;
import org.vivarium.app.desktop.base.Dialogs;
import org.vivarium.app.desktop.base.Errors;
import org.vivarium.app.desktop.base.Settings;
import org.vivarium.app.desktop.base.Texts;
import org.vivarium.app.desktop.base.Theme;
import org.vivarium.app.desktop.base.Ui;
import org.vivarium.app.desktop.compare.CompareModel;
import org.vivarium.app.desktop.compare.Lab;
import org.vivarium.app.desktop.machines.HostModel;
import org.vivarium.app.desktop.machines.MachinesModel;
import org.vivarium.app.desktop.shell.DeskModel;
import org.vivarium.app.desktop.shell.ShellView;
import org.vivarium.vmm.client.Machines;
import org.vivarium.vmm.engine.EngineChoice;

/** A window and the models behind it, put together. Belongs to the JavaFX thread. */
public final class Desktop implements AutoCloseable {
  /**
   * What a window is opened over.
   *
   * @param machines the machines
   * @param engine tells which engine this computer offers; blocks
   * @param lab where machines are compared with containers
   * @param home where settings and images are kept
   */
  public record Setting(
      Machines machines, Callable<EngineChoice.Decision> engine, Lab lab, Path home) {}

  private static final int[] ICON_SIZES = {32, 64, 128};
  private static final double WIDTH = 1280;
  private static final double HEIGHT = 800;
  private static final double LEAST_WIDTH = 960;
  private static final double LEAST_HEIGHT = 600;

  private final Setting setting;
  private final Settings settings;
  private final Background background = new Background();
  private final Scene scene;
  private final CompareModel compare;
  private @Nullable MachinesModel machines;
  private @Nullable HostModel host;
  private @Nullable ShellView shell;
  private @Nullable DeskModel desk;

  /** Builds the window's content in {@code stage} and shows it. */
  public Desktop(Setting setting, Stage stage) {
    this.setting = setting;
    this.settings = new Settings(setting.home().resolve("desktop.properties"));
    this.compare = new CompareModel(background, setting.lab());
    this.scene = new Scene(new StackPane(), WIDTH, HEIGHT);
    settings.language().subscribe(this::build);
    Theme.follow(settings, scene);
    stage.setTitle("Vivarium");
    for (int size : ICON_SIZES) {
      stage
          .getIcons()
          .add(
              new Image(
                  Objects.requireNonNull(
                      Desktop.class.getResourceAsStream("icon-" + size + ".png"))));
    }
    stage.setMinWidth(LEAST_WIDTH);
    stage.setMinHeight(LEAST_HEIGHT);
    stage.setScene(scene);
    stage.show();
  }

  /** Builds everything that has words in it; again when the language changes. */
  private void build(Texts.Language language) {
    tearDown();
    Texts texts = new Texts(language);
    Ui ui = new Ui(texts, new Errors(texts), new Dialogs(texts), background, settings);
    MachinesModel list = new MachinesModel(ui, setting.machines(), setting.home());
    HostModel computer = new HostModel(ui, setting.engine(), Path.of("/proc"));
    DeskModel model = new DeskModel(ui, list, computer, compare);
    ShellView view = new ShellView(model, setting.home());
    machines = list;
    host = computer;
    desk = model;
    shell = view;
    scene.setRoot(view);
  }

  /** What the window shows. */
  public DeskModel model() {
    return Objects.requireNonNull(desk);
  }

  /** The window's content. */
  public ShellView view() {
    return Objects.requireNonNull(shell);
  }

  /** Where it chooses its colours and its language. */
  public Settings settings() {
    return settings;
  }

  private void tearDown() {
    if (shell != null) {
      shell.close();
    }
    if (machines != null) {
      machines.close();
    }
    if (host != null) {
      host.close();
    }
  }

  /** Lets go of all machines, which go on, and ends the threads. */
  @Override
  public void close() {
    tearDown();
    background.close();
  }
}
