package org.vivarium.app.desktop;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import javafx.application.Platform;
import javafx.scene.control.ButtonBase;
import javafx.scene.control.Labeled;
import javafx.scene.control.TextField;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.testfx.api.FxRobot;
import org.testfx.api.FxToolkit;
import org.testfx.framework.junit5.ApplicationExtension;
import org.testfx.util.WaitForAsyncUtils;
import org.vivarium.app.desktop.machines.DiskCommands;
import org.vivarium.app.desktop.machines.MachineModel;
import org.vivarium.app.desktop.machines.NewMachines;
import org.vivarium.vmm.client.MachineSummary.State;
import org.vivarium.vmm.engine.EngineChoice;

/**
 * The whole window, driven as a person drives it, over machines that a test commands; each page's
 * tests stand in a class of their own.
 */
@ExtendWith(ApplicationExtension.class)
abstract class DesktopFixture {
  private static final int PATIENCE_SECONDS = 30;

  @TempDir static Path home;

  @SuppressWarnings("NullAway.Init") // by open()
  FakeMachines machines;

  @SuppressWarnings("NullAway.Init") // by open()
  Desktop desktop;

  @SuppressWarnings("NullAway.Init") // by open()
  Path own;

  final FakeLab lab = new FakeLab();

  @BeforeEach
  void open() throws Exception {
    own = Files.createTempDirectory(home, "home");
    machines = new FakeMachines(own);
    Desktop.Setting setting =
        new Desktop.Setting(
            machines,
            () -> new EngineChoice.Decision("qemu", "Engine: qemu, as asked.", Optional.empty()),
            lab,
            own);
    FxToolkit.setupStage(stage -> desktop = new Desktop(setting, stage));
  }

  @AfterEach
  void close() {
    lab.goOn();
    WaitForAsyncUtils.waitForAsyncFx(10_000, () -> desktop.close());
  }

  MachineModel model(String name) {
    return desktop.model().machines().find(name).orElseThrow();
  }

  @Nullable State state(String name) {
    return desktop.model().machines().find(name).map(m -> m.state().get()).orElse(null);
  }

  String console(String name) {
    return desktop.view().pageOf(model(name)).map(page -> page.console().text()).orElse("");
  }

  static boolean terminalIsFocused(FxRobot robot) {
    return robot.lookup("#terminal").queryAll().stream().anyMatch(node -> node.isFocusWithin());
  }

  static String text(FxRobot robot, String query) {
    StringBuilder text = new StringBuilder();
    robot.lookup(query).queryAllAs(Labeled.class).stream()
        .filter(Labeled::isVisible)
        .forEach(label -> text.append(label.getText()).append('\n'));
    return text.toString();
  }

  static void type(FxRobot robot, String query, String words) {
    robot.interact(() -> ((TextField) robot.lookup(query).query()).setText(words));
  }

  /** A machine "web" that is off and has one disk, disk0. */
  final void givenMachineWithADisk(FxRobot robot) throws Exception {
    machines.create(NewMachines.firstLinux("web"));
    await("it is listed", () -> desktop.model().machines().find("web").isPresent());
    DiskCommands disks = new DiskCommands(desktop.model().ui(), model("web"));
    robot.interact(() -> disks.create(Path.of("data.qcow2"), 1 << 20));
    await(
        "it has a disk",
        () -> model("web").definition().orElseThrow().devices().disks().size() == 1);
  }

  /** Presses a button or chooses among some, wherever it is on its page. */
  static void fire(FxRobot robot, String query) {
    robot.interact(() -> ((ButtonBase) robot.lookup(query).query()).fire());
  }

  static void click(FxRobot robot, String query) throws Exception {
    await(query + " is there", () -> robot.lookup(query).tryQuery().isPresent());
    WaitForAsyncUtils.waitForFxEvents();
    robot.clickOn(query);
  }

  static void await(String what, Callable<Boolean> condition) throws Exception {
    await(what, condition, () -> "");
  }

  static void await(String what, Callable<Boolean> condition, Supplier<String> instead)
      throws Exception {
    try {
      WaitForAsyncUtils.waitFor(
          PATIENCE_SECONDS,
          TimeUnit.SECONDS,
          () -> WaitForAsyncUtils.waitForAsyncFx(10_000, condition));
    } catch (TimeoutException e) {
      throw new AssertionError("Waited in vain until " + what + ": " + instead.get(), e);
    }
  }

  static void assertResponsive() throws InterruptedException {
    CountDownLatch answered = new CountDownLatch(1);
    Platform.runLater(answered::countDown);
    assertTrue(answered.await(PATIENCE_SECONDS, TimeUnit.SECONDS), "the window answers");
  }
}
