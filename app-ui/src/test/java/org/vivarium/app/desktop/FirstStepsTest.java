package org.vivarium.app.desktop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import javafx.scene.input.KeyCode;
import org.junit.jupiter.api.Test;
import org.testfx.api.FxRobot;
import org.vivarium.app.desktop.base.Settings.ThemeChoice;
import org.vivarium.app.desktop.base.Texts;
import org.vivarium.app.desktop.base.Theme;
import org.vivarium.app.desktop.page.MachinePage;
import org.vivarium.app.desktop.shell.DeskModel;
import org.vivarium.vmm.client.MachineSummary.State;

/**
 * The first click, what the window says at its start, and every page in both looks and languages.
 */
class FirstStepsTest extends DesktopFixture {
  @Test
  void oneClickLeadsIntoALiveTerminal(FxRobot robot) throws Exception {
    click(robot, "#start-first");
    await("the machine runs", () -> state("first-linux") == State.RUNNING);
    await("the prompt is shown", () -> console("first-linux").contains("~ #"));

    await("the terminal has the keyboard", () -> terminalIsFocused(robot));
    robot.write("echo hello").push(KeyCode.ENTER);

    await(
        "the output is shown",
        () -> console("first-linux").contains("\nhello"),
        () -> console("first-linux"));
    assertEquals(MachinePage.Part.CONSOLE, desktop.model().part().get());
  }

  @Test
  void startThatIsCancelledLeavesAStoppedMachine(FxRobot robot) throws Exception {
    machines.startsTake(600_000);
    click(robot, "#start-first");
    await("the step is named", () -> text(robot, "#activity .label").contains("Downloading"));

    click(robot, "#cancel-activity");

    await("the machine is stopped", () -> state("first-linux") == State.STOPPED);
    assertTrue(desktop.model().ui().errors().shown().isEmpty());
  }

  @Test
  void bannerSaysCalmlyThatThisComputerEmulates(FxRobot robot) throws Exception {
    await("the banner is shown", () -> robot.lookup("#banner").query().isVisible());

    assertTrue(text(robot, "#banner .label").contains("software emulation"));
  }

  @Test
  void guestThatPrintsWithoutEndDoesNotFreezeTheWindow(FxRobot robot) throws Exception {
    click(robot, "#start-first");
    await("the prompt is shown", () -> console("first-linux").contains("~ #"));
    FakeProcess process = machines.process("first-linux");
    String line = "0123456789 ".repeat(9) + "\r\n";
    String block = line.repeat(1000);
    for (int i = 0; i < 40; i++) {
      process.print(block);
      assertResponsive();
    }
    process.print("the end\r\n");

    await("the last line is shown", () -> console("first-linux").contains("the end"));
  }

  @Test
  void everyPageIsShownInBothThemesAndLanguages(FxRobot robot) throws Exception {
    click(robot, "#start-first");
    await("it is connected", () -> model("first-linux").status().get() != null);
    for (Texts.Language language : Texts.Language.values()) {
      robot.interact(() -> desktop.settings().language().set(language));
      await("the list is there", () -> desktop.model().machines().find("first-linux").isPresent());
      for (ThemeChoice theme : List.of(ThemeChoice.LIGHT, ThemeChoice.DARK)) {
        robot.interact(() -> desktop.settings().theme().set(theme));
        for (MachinePage.Part part : MachinePage.Part.values()) {
          robot.interact(() -> desktop.model().show(model("first-linux"), part));
        }
        robot.interact(() -> desktop.model().page().set(DeskModel.Page.IMAGES));
        robot.interact(() -> desktop.model().page().set(DeskModel.Page.NEW_MACHINE));
      }
    }
    assertTrue(Theme.isDark());
    assertTrue(text(robot, ".title-3").contains("新增機器"));
    assertEquals(List.of(), desktop.model().ui().errors().shown());
  }
}
