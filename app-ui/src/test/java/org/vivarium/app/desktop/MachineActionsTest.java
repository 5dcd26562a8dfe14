package org.vivarium.app.desktop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.testfx.api.FxRobot;
import org.vivarium.app.desktop.machines.MachineModel;
import org.vivarium.app.desktop.machines.NewMachines;
import org.vivarium.app.desktop.page.MachineAction;
import org.vivarium.app.desktop.page.MachineActions;
import org.vivarium.app.desktop.page.MachinePage;
import org.vivarium.vmm.client.MachineSummary.State;
import org.vivarium.vmm.definition.DefinitionJson;

/** What is done to a whole machine: deleting, cloning, templates. */
class MachineActionsTest extends DesktopFixture {
  @Test
  void deletingAsksAndNamesWhatIsLost(FxRobot robot) throws Exception {
    machines.create(NewMachines.firstLinux("old"));
    Files.writeString(machines.folder("old").resolve("old.qcow2"), "data");
    await("it is listed", () -> desktop.model().machines().find("old").isPresent());
    MachineModel machine = model("old");

    robot.interact(
        () ->
            new MachineActions(desktop.model().ui(), desktop.model().machines(), () -> {})
                .run(MachineAction.DELETE, List.of(machine)));
    await("what is lost is named", () -> text(robot, ".dialog-text").contains("old.qcow2"));
    click(robot, "#dialog-confirm");

    await("it is gone", () -> desktop.model().machines().find("old").isEmpty());
  }

  @Test
  void cloneIsNamedAndListed(FxRobot robot) throws Exception {
    machines.create(NewMachines.firstLinux("web"));
    await("it is listed", () -> desktop.model().machines().find("web").isPresent());

    robot.interact(
        () ->
            new MachineActions(desktop.model().ui(), desktop.model().machines(), () -> {})
                .run(MachineAction.CLONE, List.of(model("web"))));
    type(robot, "#clone-name", "web");
    assertTrue(robot.lookup("#dialog-confirm").query().isDisabled(), "the name is taken");
    type(robot, "#clone-name", "shop");
    click(robot, "#dialog-confirm");

    await("the clone is listed", () -> state("shop") == State.STOPPED);
    await("nothing is under way", () -> model("web").activity().get() == null);
    assertEquals(List.of(), desktop.model().ui().errors().shown());
  }

  @Test
  void machineBecomesATemplateAndAnotherIsMadeOfIt(FxRobot robot) throws Exception {
    givenMachineWithADisk(robot);
    Files.writeString(
        machines.folder("web").resolve("vm.json"),
        DefinitionJson.write(model("web").definition().orElseThrow()));
    robot.interact(() -> desktop.model().show(model("web"), MachinePage.Part.OVERVIEW));

    click(robot, "#more");
    robot.clickOn("#menu-TEMPLATE");
    click(robot, "#dialog-confirm");
    await("the images are shown", () -> robot.lookup("#make-of-web").tryQuery().isPresent());
    assertFalse(Files.exists(machines.folder("web")));
    machines.delete("web");
    click(robot, "#make-of-web");
    type(robot, "#clone-name", "shop");
    click(robot, "#dialog-confirm");

    await("the machine is listed", () -> state("shop") == State.STOPPED);
    await("it is shown", () -> desktop.model().selected().contains(model("shop")));
    assertTrue(Files.exists(machines.folder("shop").resolve("disks").resolve("disk0.qcow2")));
    assertEquals(List.of(), desktop.model().ui().errors().shown());
  }
}
