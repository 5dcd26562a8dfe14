package org.vivarium.app.desktop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import javafx.scene.control.ListView;
import javafx.scene.control.TextField;
import org.junit.jupiter.api.Test;
import org.testfx.api.FxRobot;
import org.vivarium.app.desktop.base.Settings;
import org.vivarium.app.desktop.base.Settings.Order;
import org.vivarium.app.desktop.machines.NewMachines;
import org.vivarium.vmm.client.MachineSummary.State;

/** The list: machines of others, a hundred of them, their order. */
class MachineListTest extends DesktopFixture {
  @Test
  void machinesOfOthersAppearAndADeadProcessLeavesItsLastWords(FxRobot robot) throws Exception {
    machines.create(NewMachines.firstLinux("web"));
    machines.start("web", (_, _) -> {});
    await("it is listed", () -> state("web") == State.RUNNING);

    machines.process("web").end("The guest's kernel panicked: no init found.", false);

    await("it is shown as failed", () -> state("web") == State.FAILED);
    await(
        "its last words are shown",
        () -> text(robot, ".problem-text").contains("panicked: no init found"));
    assertTrue(model("web").log().getLast().trouble());
  }

  @Test
  void hundredMachinesAreListedAndSearched(FxRobot robot) throws Exception {
    for (int i = 0; i < 100; i++) {
      String name = "machine-%03d".formatted(i);
      machines.create(NewMachines.firstLinux(name));
      machines.start(name, (_, _) -> {});
    }
    ListView<?> list = robot.lookup("#machines").queryListView();
    await("all are listed", () -> list.getItems().size() == 100);

    for (int second = 1; second < 4; second++) {
      for (int i = 0; i < 100; i++) {
        FakeLoad.fill(machines.process("machine-%03d".formatted(i)), 5, 0.5);
      }
    }
    robot.interact(() -> ((TextField) robot.lookup("#search").query()).setText("E-07"));

    await("ten are found", () -> list.getItems().size() == 10);
    assertResponsive();
  }

  @Test
  void listIsInTheOrderThatWasChosen(FxRobot robot) throws Exception {
    for (String name : List.of("a", "b", "c")) {
      machines.create(NewMachines.firstLinux(name));
    }
    machines.start("c", (_, _) -> {});
    await("one runs", () -> state("c") == State.RUNNING);

    click(robot, "#order");
    click(robot, "#order-STATE");

    ListView<?> list = robot.lookup("#machines").queryListView();
    await(
        "what runs comes first",
        () -> List.copyOf(list.getItems()).equals(List.of(model("c"), model("a"), model("b"))));
    assertEquals(
        Order.STATE, new Settings(own.resolve("desktop.properties")).order().get(), "it is kept");
  }
}
