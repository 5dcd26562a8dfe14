package org.vivarium.app.desktop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.testfx.api.FxRobot;
import org.vivarium.app.desktop.machines.DiskCommands;
import org.vivarium.app.desktop.machines.NewMachines;
import org.vivarium.app.desktop.page.MachinePage;
import org.vivarium.vmm.client.MachineSummary.State;
import org.vivarium.vmm.client.Notification;
import org.vivarium.vmm.config.DiskConfig;

/** A machine's page: its header, its disks, its snapshots, its log. */
class MachinePageTest extends DesktopFixture {
  @Test
  void pauseResumeAndShutDownFromTheHeader(FxRobot robot) throws Exception {
    click(robot, "#start-first");
    await("it runs", () -> state("first-linux") == State.RUNNING);

    click(robot, "#action-PAUSE_MACHINE");
    await("it stands still", () -> state("first-linux") == State.PAUSED);
    click(robot, "#action-RESUME");
    await("it runs again", () -> state("first-linux") == State.RUNNING);
    click(robot, "#action-SHUT_DOWN");
    await("it is off", () -> state("first-linux") == State.STOPPED);
    await("nothing is under way", () -> model("first-linux").activity().get() == null);
  }

  @Test
  void attachedDiskReachesTheRunningMachineAndItsDefinition(FxRobot robot) throws Exception {
    Path image = Files.createFile(home.resolve("data.img"));
    click(robot, "#start-first");
    await("it runs", () -> state("first-linux") == State.RUNNING);
    await("it is connected", () -> model("first-linux").connection().get() != null);

    robot.interact(
        () -> new DiskCommands(desktop.model().ui(), model("first-linux")).attach(List.of(image)));

    await(
        "the definition has it",
        () -> model("first-linux").definition().orElseThrow().devices().disks().size() == 1);
    assertTrue(machines.process("first-linux").calls().contains("attach data.img"));
  }

  @Test
  void filesDroppedTogetherBecomeDisksOfTheirOwn(FxRobot robot) throws Exception {
    Path first = Files.createFile(home.resolve("first.img"));
    Path second = Files.createFile(home.resolve("second.img"));
    click(robot, "#start-first");
    await("it is connected", () -> model("first-linux").connection().get() != null);

    robot.interact(
        () ->
            new DiskCommands(desktop.model().ui(), model("first-linux"))
                .attach(List.of(first, second)));

    await(
        "the definition has both",
        () -> model("first-linux").definition().orElseThrow().devices().disks().size() == 2);
    assertEquals(
        List.of("disk0", "disk1"),
        model("first-linux").definition().orElseThrow().devices().disks().stream()
            .map(DiskConfig::id)
            .toList());
    assertEquals(List.of(), desktop.model().ui().errors().shown());
  }

  @Test
  void diskGrowsToTheSizeThatIsTyped(FxRobot robot) throws Exception {
    givenMachineWithADisk(robot);
    robot.interact(() -> desktop.model().show(model("web"), MachinePage.Part.DISKS));

    click(robot, "#resize-disk0");
    await("the size is asked", () -> robot.lookup("#disk-gib").tryQuery().isPresent());
    type(robot, "#disk-gib", "0");
    assertTrue(robot.lookup("#dialog-confirm").query().isDisabled());
    type(robot, "#disk-gib", "12");
    click(robot, "#dialog-confirm");

    await("it has grown", () -> text(robot, ".figures").contains("12.0 GiB"));
    assertEquals(List.of(), desktop.model().ui().errors().shown());
  }

  @Test
  void snapshotIsTakenAndGoneBackTo(FxRobot robot) throws Exception {
    machines.create(NewMachines.firstLinux("web"));
    await("it is listed", () -> desktop.model().machines().find("web").isPresent());
    Files.writeString(machines.folder("web").resolve("vm.json"), "{}");
    DiskCommands disks = new DiskCommands(desktop.model().ui(), model("web"));
    robot.interact(() -> disks.create(Path.of("data.qcow2"), 1 << 20));
    await(
        "it has a disk",
        () -> model("web").definition().orElseThrow().devices().disks().size() == 1);
    robot.interact(() -> desktop.model().show(model("web"), MachinePage.Part.SNAPSHOTS));

    click(robot, "#take-snapshot");
    click(robot, "#dialog-confirm");
    await("it is listed", () -> text(robot, ".row-title").contains("snapshot-1"));
    await("nothing is under way", () -> model("web").activity().get() == null);
    click(robot, "#restore-snapshot-1");
    click(robot, "#dialog-confirm");

    await("it is done", () -> model("web").activity().get() == null);
    assertEquals(List.of(), desktop.model().ui().errors().shown());
  }

  @Test
  void faultsOfTheGuestStandInTheLog(FxRobot robot) throws Exception {
    click(robot, "#start-first");
    await("it is connected", () -> model("first-linux").status().get() != null);

    machines.process("first-linux").tell(new Notification.Logged(0, "The disk is full.", true));

    await(
        "the log has it",
        () ->
            model("first-linux").log().stream()
                .anyMatch(l -> l.text().equals("The disk is full.")));
  }
}
