package org.vivarium.app.desktop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.EnumSet;
import java.util.Objects;
import java.util.concurrent.Callable;
import javafx.scene.control.CheckBox;
import javafx.scene.control.ComboBox;
import javafx.scene.control.ToggleButton;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.testfx.api.FxRobot;
import org.vivarium.app.desktop.compare.CompareModel;
import org.vivarium.app.desktop.shell.DeskModel;
import org.vivarium.app.lab.Measure;
import org.vivarium.app.lab.Side;

/** The page that compares, over a lab that a test commands. */
class CompareTest extends DesktopFixture {
  @BeforeEach
  void show(FxRobot robot) {
    robot.interact(() -> robot.lookup("#show-compare").queryAs(ToggleButton.class).fire());
  }

  @Test
  void pageSaysWhatThisComputerLacks(FxRobot robot) throws Exception {
    await(() -> text(robot, "#compare-missing").contains("runc"));

    assertTrue(text(robot, "#compare-missing").contains("not comparable"));
  }

  @Test
  void rowsFillInLiveAndTheRunOutlivesThePage(FxRobot robot) throws Exception {
    lab.holdBeforeTheEnd();
    robot.interact(() -> robot.lookup("#measure-cpu").queryAs(CheckBox.class).setSelected(false));
    assertFalse(robot.lookup("#side-docker").query().isVisible());
    fire(robot, "#side-podman");

    fire(robot, "#compare-begin");

    await(() -> text(robot, "#compare-step").contains("round 5 of 5"));
    await(() -> text(robot, "#measured-start .figures").contains("221 ms"));
    assertTrue(text(robot, "#measured-start .small").contains("Machine (Vivarium) *"));
    assertFalse(Objects.requireNonNull(lab.asked()).has(Measure.CPU));
    assertEquals(
        EnumSet.of(Side.HOST, Side.CONTAINER, Side.PODMAN, Side.MACHINE), lab.asked().sides());
    robot.interact(() -> desktop.model().page().set(DeskModel.Page.IMAGES));
    assertTrue(model().isRunning());
    lab.goOn();
    await(() -> model().report().isPresent());
    robot.interact(() -> desktop.model().page().set(DeskModel.Page.COMPARE));
    await(() -> text(robot, "#measured-isolation .label").contains("5e1f-another"));
    assertTrue(text(robot, "#measured-start .label").contains("says nothing about the claim"));
    assertTrue(text(robot, "#compare-stacks .layer-figure").contains("221 ms *"));
    assertTrue(text(robot, "#compare-timelines .label").contains("kernel to /init 150 ms"));
  }

  @Test
  void chosenProcessorIsThatOfAllSides(FxRobot robot) throws Exception {
    ComboBox<String> box = robot.lookup("#compare-pin").query();
    await(() -> box.getItems().size() == 3);
    robot.interact(() -> box.setValue("1"));

    fire(robot, "#compare-begin");

    await(() -> model().report().isPresent());
    assertEquals("1", Objects.requireNonNull(lab.asked()).pin());
  }

  @Test
  void cancelKeepsWhatWasMeasured(FxRobot robot) throws Exception {
    lab.holdBeforeTheEnd();
    fire(robot, "#compare-begin");
    await(() -> text(robot, "#measured-memory .figures").contains("184 MiB"));

    fire(robot, "#compare-cancel");

    await(() -> !model().isRunning());
    await(() -> text(robot, "#compare-problem").contains("ended early"));
    assertEquals(2, model().rows().size());
  }

  @Test
  void errorIsASentenceInThePage(FxRobot robot) throws Exception {
    lab.fail("Nothing can be measured here.");

    fire(robot, "#compare-begin");

    await(() -> text(robot, "#compare-problem").contains("Nothing can be measured here."));
    assertFalse(model().isRunning());
    assertFalse(robot.lookup("#compare-begin").query().isDisabled());
  }

  private CompareModel model() {
    return desktop.model().compare();
  }

  private static void await(Callable<Boolean> condition) throws Exception {
    await("the page has changed", condition);
  }
}
