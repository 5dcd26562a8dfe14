package org.vivarium.app.desktop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javafx.scene.Node;
import javafx.scene.Parent;
import javafx.scene.control.ButtonBase;
import javafx.scene.control.ComboBoxBase;
import javafx.scene.control.Labeled;
import javafx.scene.control.ListView;
import javafx.scene.control.Spinner;
import javafx.scene.control.TextInputControl;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.testfx.api.FxRobot;
import org.vivarium.app.desktop.machines.DiskCommands;
import org.vivarium.app.desktop.machines.NewMachines;
import org.vivarium.app.desktop.page.MachineAction;
import org.vivarium.app.desktop.page.MachineActions;
import org.vivarium.app.desktop.page.MachinePage;
import org.vivarium.app.desktop.shell.DeskModel;

/** Whoever does not see the window hears of each of its controls. */
class AccessibilityTest extends DesktopFixture {
  private final List<String> silent = new ArrayList<>();
  private int heard;

  @Test
  void everyControlOfEveryPageHasWords(FxRobot robot) throws Exception {
    await("the first page is there", () -> robot.lookup("#start-first").tryQuery().isPresent());
    walk(robot, "first page");
    machines.create(NewMachines.firstLinux("web"));
    await("it is listed", () -> desktop.model().machines().find("web").isPresent());
    robot.interact(
        () ->
            new DiskCommands(desktop.model().ui(), model("web"))
                .create(Path.of("data.qcow2"), 1 << 20));
    await(
        "it has a disk",
        () -> model("web").definition().orElseThrow().devices().disks().size() == 1);
    for (MachinePage.Part part : MachinePage.Part.values()) {
      robot.interact(() -> desktop.model().show(model("web"), part));
      walk(robot, part.name());
    }
    for (DeskModel.Page page : DeskModel.Page.values()) {
      robot.interact(() -> desktop.model().page().set(page));
      walk(robot, page.name());
    }

    assertEquals(List.of(), silent);
    assertTrue(heard > 100, "the walk came by the controls: " + heard);
  }

  @Test
  void everyControlOfADialogHasWords(FxRobot robot) throws Exception {
    machines.create(NewMachines.firstLinux("web"));
    await("it is listed", () -> desktop.model().machines().find("web").isPresent());
    for (MachineAction action : List.of(MachineAction.CLONE, MachineAction.TEMPLATE)) {
      robot.interact(
          () ->
              new MachineActions(desktop.model().ui(), desktop.model().machines(), () -> {})
                  .run(action, List.of(model("web"))));
      await("it is asked", () -> robot.lookup("#dialog-confirm").tryQuery().isPresent());
      walk(robot, action.name());
      robot.interact(() -> desktop.model().ui().dialogs().close());
    }

    assertEquals(List.of(), silent);
    assertTrue(heard > 10, "the walk came by the controls: " + heard);
  }

  private void walk(FxRobot robot, String page) {
    robot.interact(() -> walk(desktop.view(), page));
  }

  private void walk(Node node, String page) {
    if (!node.isVisible()) {
      return;
    }
    boolean whole = node instanceof ComboBoxBase || node instanceof Spinner;
    if (whole
        || node instanceof ButtonBase
        || node instanceof TextInputControl
        || node instanceof ListView) {
      heard++;
      if (!hasWords(node)) {
        silent.add(page + ": " + node);
      }
    }
    // The parts of these are no controls of their own.
    if (!whole && node instanceof Parent parent) {
      List.copyOf(parent.getChildrenUnmodifiable()).forEach(child -> walk(child, page));
    }
  }

  private static boolean hasWords(Node node) {
    return isSaid(node.getAccessibleText()) || (node instanceof Labeled l && isSaid(l.getText()));
  }

  private static boolean isSaid(@Nullable String words) {
    return words != null && !words.isBlank();
  }
}
