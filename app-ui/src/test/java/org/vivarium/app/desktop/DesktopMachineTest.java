package org.vivarium.app.desktop;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javafx.scene.input.KeyCode;
import javafx.stage.Stage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.testfx.api.FxRobot;
import org.testfx.framework.junit5.ApplicationExtension;
import org.testfx.framework.junit5.Start;
import org.testfx.util.WaitForAsyncUtils;
import org.vivarium.app.Main;
import org.vivarium.app.desktop.machines.HostModel;
import org.vivarium.app.desktop.machines.MachineModel;
import org.vivarium.app.desktop.machines.NewMachines;
import org.vivarium.vmm.Folders;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.client.LocalMachines;
import org.vivarium.vmm.client.MachineSummary.State;
import org.vivarium.vmm.process.JavaLauncher;

/** The window over a real machine: one click, a prompt, a command, its output, the way off. */
@Tag("emulation")
@ExtendWith(ApplicationExtension.class)
class DesktopMachineTest {
  private static final int PATIENCE_SECONDS = 240;

  @SuppressWarnings("NullAway.Init") // by @Start
  private LocalMachines machines;

  @SuppressWarnings("NullAway.Init") // by @Start
  private Desktop desktop;

  @Start
  void open(Stage stage) throws Exception {
    Path home = Files.createTempDirectory("vivarium-desktop-test");
    Path images = Folders.standard().images();
    Files.createDirectories(images);
    Files.createSymbolicLink(home.resolve("images"), images);
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    JavaLauncher launcher =
        new JavaLauncher(
            List.of(
                java,
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path")),
            List.of(Main.class.getName(), JavaLauncher.VM));
    machines = new LocalMachines(new Folders(home), launcher);
    desktop =
        new Desktop(
            new Desktop.Setting(machines, HostModel::automatic, new FakeLab(), home), stage);
  }

  @AfterEach
  void close() {
    try (var connection = machines.connect(NewMachines.FIRST)) {
      connection.kill();
    } catch (VmmException e) {
      assertTrue(String.valueOf(e.getMessage()).contains(NewMachines.FIRST), "it is off already");
    }
    WaitForAsyncUtils.waitForAsyncFx(10_000, () -> desktop.close());
  }

  @Test
  void oneClickACommandItsOutputAndTheWayOff(FxRobot robot) throws Exception {
    await("the button is there", () -> robot.lookup("#start-first").tryQuery().isPresent());
    robot.clickOn("#start-first");
    await("the prompt is shown", () -> console().contains(":~#"));

    await(
        "the terminal has the keyboard",
        () -> robot.lookup("#terminal").queryAll().stream().anyMatch(n -> n.isFocusWithin()));
    robot.write("echo $((6*7))answers").push(KeyCode.ENTER);
    await("the output is shown", () -> console().contains("\n42answers"));

    await("samples come in", () -> model().history().points().size() > 2);
    assertTrue(model().history().latest().orElseThrow().hostTotal() > 0);
    robot.interact(() -> model().shutDown());
    await("it is off", () -> model().state().get() == State.STOPPED);
  }

  private MachineModel model() {
    return desktop.model().machines().find(NewMachines.FIRST).orElseThrow();
  }

  private String console() {
    return desktop
        .model()
        .machines()
        .find(NewMachines.FIRST)
        .flatMap(desktop.view()::pageOf)
        .map(page -> page.console().text())
        .orElse("");
  }

  private static void await(String what, Callable<Boolean> condition) throws Exception {
    try {
      WaitForAsyncUtils.waitFor(
          PATIENCE_SECONDS,
          TimeUnit.SECONDS,
          () -> WaitForAsyncUtils.waitForAsyncFx(30_000, condition));
    } catch (TimeoutException e) {
      throw new AssertionError("Waited in vain until " + what, e);
    }
  }
}
